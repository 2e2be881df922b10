import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import * as source from "../src/index.js";
import { DATA } from "./helpers/images.js";
import { SHIPPED_MODEL } from "./helpers/models.js";

const ROOT = join(import.meta.dirname, "..");

describe("the package parfocal", () => {
  it("exports exactly what is documented", () => {
    expect(new Set(Object.keys(source))).toEqual(
      new Set(["ParfocalError", "Scorer", "isParfocalError", "readFrames"]),
    );
  });

  it("exports the types that its functions take and give", async () => {
    const declarations = await readFile(join(ROOT, "dist/index.d.ts"), "utf8");
    for (const name of [
      "Condition",
      "FocusReport",
      "Frame",
      "FrameScorer",
      "ModelIdentity",
      "ScoreOptions",
      "ScorerOptions",
    ]) {
      expect(declarations, name).toMatch(new RegExp(`\\b${name}\\b`));
    }
  });

  it("points its exports and its command at files that the build makes", async () => {
    const manifest = JSON.parse(await readFile(join(ROOT, "package.json"), "utf8")) as {
      exports: { ".": { types: string; default: string } };
      bin: { parfocal: string };
    };
    for (const file of [...Object.values(manifest.exports["."]), manifest.bin.parfocal]) {
      expect(existsSync(join(ROOT, file)), file).toBe(true);
    }
  });

  it("loads, scores a file and disposes when imported by its own name, as built", async () => {
    // A variable keeps the type checker from looking for the build.
    const name = "parfocal";
    const { Scorer, readFrames, isParfocalError, ParfocalError } = (await import(name)) as typeof source;
    const scorer = await Scorer.load({ model: SHIPPED_MODEL, device: "cpu" });
    for await (const { frame } of readFrames(join(DATA, "plate/dsb_520x696_6b72b61b80.png"))) {
      const { rows, columns, distribution } = await scorer.score(frame);
      expect([rows, columns, distribution.length]).toEqual([7, 9, 11]);
    }
    const error: unknown = await scorer
      .score({ width: 10, height: 10, pixels: new Uint8Array(100) })
      .catch((e: unknown) => e);
    await scorer.dispose();
    expect(error).toBeInstanceOf(ParfocalError);
    expect(isParfocalError(error, "FrameShapeError")).toBe(true);
  });
});
