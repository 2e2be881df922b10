import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { describe, expect, it } from "vitest";
import { readManifest } from "../../src/frames/manifest.js";
import { readFrames } from "../../src/frames/read-frames.js";

const DATA = join(import.meta.dirname, "../../data");
const sets = {
  plate: await readManifest(join(DATA, "plate/manifest.csv")),
  evaluation: await readManifest(join(DATA, "evaluation/manifest.csv")),
};

const REDISTRIBUTABLE = /^(CC0|CC BY 4\.0|MIT|BSD-3-Clause)(?![\w-])/;

describe.each(Object.entries(sets))("data/%s", (folder, rows) => {
  it("has an image for each row of the manifest, with the size and range that the row states", async () => {
    for (const row of rows) {
      const pages = [];
      for await (const { frame } of readFrames(row.path)) pages.push(frame);
      expect(pages.length, row.file).toBe(1);
      const { width, height, pixels } = pages[0]!;
      const min = Uint16Array.from(pixels).reduce((a, b) => Math.min(a, b));
      const max = Uint16Array.from(pixels).reduce((a, b) => Math.max(a, b));
      const bits = pixels.BYTES_PER_ELEMENT * 8;
      const stated = [row.width, row.height, row.min, row.max, row.bitDepth];
      expect([width, height, min, max, bits], row.file).toEqual(stated);
    }
  });

  it("has no image that the manifest leaves out", async () => {
    const files = (await readdir(join(DATA, folder))).filter((name) => name !== "manifest.csv").sort();
    expect(rows.map((row) => basename(row.path)).sort()).toEqual(files);
  });

  it("holds only images that may be passed on, and says where each comes from", () => {
    for (const { file, licence, source, originalPath } of rows) {
      expect(licence, file).toMatch(REDISTRIBUTABLE);
      expect(source, file).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{12}$/);
      expect(originalPath, file).toBeTruthy();
    }
  });
});

describe("the two image sets", () => {
  it("share no field and no original", () => {
    const fields = new Set(sets.plate.map((row) => row.fieldId));
    const originals = new Set(sets.plate.map((row) => row.originalPath));
    expect(
      sets.evaluation.filter((row) => fields.has(row.fieldId) || originals.has(row.originalPath)),
    ).toEqual([]);
  });

  it("fill a 24-well plate with images in focus, and label or place every evaluation image", () => {
    expect(sets.plate.length).toBe(24);
    expect(sets.plate.every((row) => row.focusLabel === "in_visual")).toBe(true);
    expect(sets.evaluation.every((row) => row.focusLabel !== undefined || row.zUm !== undefined)).toBe(true);
  });
});
