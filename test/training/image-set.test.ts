import { copyFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { TrainingError } from "../../src/errors.js";
import { writeTiff } from "../../src/frames/write-tiff.js";
import { fieldOf, loadImageSet } from "../../src/training/image-set.js";
import { spots } from "../helpers/images.js";
import { temporaryFolder } from "../helpers/models.js";

const FIXTURES = join(import.meta.dirname, "../fixtures/frames");
let folder: string;

beforeAll(async () => {
  folder = await temporaryFolder();
  for (let field = 0; field < 6; field++) {
    for (const channel of [0, 1])
      await writeTiff(join(folder, `site${field}_c${channel}.tif`), spots(110, 104, field));
  }
});

describe("loadImageSet", () => {
  it.each([1, 2, 3, 4, 5])("never puts a field into both halves (seed %i)", async (seed) => {
    const { sources, training, heldOut } = await loadImageSet([folder], 0.4, seed);
    const halves = (split: string) =>
      new Set(sources.filter((source) => source.split === split).map(({ fieldId }) => fieldId));
    expect(halves("held-out").size).toBe(2);
    expect(halves("training").size).toBe(4);
    expect(new Set([...halves("held-out"), ...halves("training")]).size).toBe(6);
    expect([training.length, heldOut.length]).toEqual([8, 4]);
  });

  it("splits the same with the same seed and otherwise with another", async () => {
    const split = async (seed: number) =>
      (await loadImageSet([folder], 0.4, seed)).sources.map((source) => source.split).join();
    const splits = await Promise.all([1, 2, 3, 4, 5].map(split));
    expect(await split(1)).toBe(splits[0]);
    expect(new Set(splits).size).toBeGreaterThan(1);
  });

  it("leaves out what it cannot use and says of each file why", async () => {
    const mixed = await temporaryFolder();
    for (const name of ["a.tif", "b.tif"]) await writeTiff(join(mixed, name), spots(120, 120, 1));
    await copyFile(join(FIXTURES, "broken_cut.png"), join(mixed, "cut.png"));
    await copyFile(join(FIXTURES, "broken_empty.tif"), join(mixed, "empty.tif"));
    await copyFile(join(FIXTURES, "small10.tif"), join(mixed, "small.tif"));
    await writeTiff(join(mixed, "z_empty_well.tif"), {
      width: 120,
      height: 120,
      pixels: new Uint8Array(14_400),
    });
    const seen: number[] = [];
    const { sources, leftOut } = await loadImageSet([mixed], 0.5, 1, (done, total) =>
      seen.push(done / total),
    );
    expect(sources.map(({ file }) => file)).toEqual(["a.tif", "b.tif"]);
    expect(seen.at(-1)).toBe(1);
    expect(leftOut.length).toBe(4);
    expect(leftOut[0]).toContain(join(mixed, "cut.png"));
    expect(leftOut[1]).toMatch(/empty\.tif: the file is empty/);
    expect(leftOut[2]).toMatch(/small\.tif: 10 x 10 px is too small to train on/);
    expect(leftOut[3]).toMatch(/z_empty_well\.tif: all pixels are equal/);
  });

  it("says what was left out where too few fields are left", async () => {
    const small = join(FIXTURES, "small10.tif");
    await expect(loadImageSet([small, join(FIXTURES, "broken_empty.tif")], 0.5, 1)).rejects.toThrow(
      `found 0; left out: ${small}: 10 x 10 px is too small to train on, and 1 more`,
    );
  });

  it.each(["MANIFEST.CSV", "manifest.tsv"])("takes %s for a manifest", async (name) => {
    const manifest = join(folder, name);
    await writeFile(manifest, "file\tkind\nsite0_c0.tif\t\nsite1_c0.tif\t\n");
    const { sources } = await loadImageSet([manifest], 0.5, 1);
    expect(sources.map(({ file }) => file)).toEqual(["site0_c0.tif", "site1_c0.tif"]);
  });

  it("takes the in-focus rows of a manifest, with where each image comes from", async () => {
    const manifest = join(folder, "manifest.csv");
    const rows = [
      "site0_c0.tif,infocus,A,lab@1,raw/0,CC0",
      "site1_c0.tif,infocus,B,,,",
      "site2_c0.tif,outoffocus,C,,,",
    ];
    await writeFile(manifest, `file,kind,field_id,source,original_path,licence\n${rows.join("\n")}\n`);
    const { sources } = await loadImageSet([manifest], 0.5, 1);
    expect(sources.length).toBe(2);
    expect(sources[0]).toMatchObject({
      file: "site0_c0.tif",
      fieldId: "A",
      source: "lab@1",
      originalPath: "raw/0",
      licence: "CC0",
    });
    expect(sources[1]).toEqual({ file: "site1_c0.tif", fieldId: "B", split: expect.any(String) });
  });

  it("adds large images at half their size, summed as a camera's binning", async () => {
    const big = await temporaryFolder();
    for (const name of ["a.tif", "b.tif"]) await writeTiff(join(big, name), spots(220, 200, 3));
    const { training } = await loadImageSet([big], 0.5, 1);
    expect(training.map(({ width, height }) => [width, height])).toEqual([
      [220, 200],
      [110, 100],
    ]);
    const [whole, half] = [training[0]!.pixels, training[1]!.pixels];
    expect(half[0]).toBe(whole[0]! + whole[1]! + whole[220]! + whole[221]!);
  });

  it("refuses images of a single field, saying how many it needs", async () => {
    const single = [join(folder, "site0_c0.tif"), join(folder, "site0_c1.tif")];
    const error: unknown = await loadImageSet(single, 0.1, 1).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(TrainingError);
    expect((error as Error).message).toMatch(/at least two fields.*found 1/);
  });
});

describe("fieldOf", () => {
  it.each([
    ["plate/A01_s1_w1.tif", "plate/A01_s1_w2.tif"],
    ["plate/B02_z003_c1.tif", "plate/B02_z010_c2.tif"],
    ["run/site4_t001.png", "run/site4_t002.png"],
  ])("is the same for %s and %s", (a, b) => {
    expect(fieldOf(a)).toBe(fieldOf(b));
  });

  it.each([
    ["plate/A01_s1_w1.tif", "plate/A01_s2_w1.tif"],
    ["plate1/A01_w1.tif", "plate2/A01_w1.tif"],
    ["a/c1.tif", "a/c2.tif"],
  ])("differs between %s and %s", (a, b) => {
    expect(fieldOf(a)).not.toBe(fieldOf(b));
  });
});
