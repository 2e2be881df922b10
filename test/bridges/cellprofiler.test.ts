import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { parse } from "csv-parse/sync";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openModel } from "../../src/focus/model.js";
import { SHIPPED_MODEL } from "../helpers/models.js";
import { scoresOf, writeVariedFrames } from "../helpers/varied-frames.js";

/** The Python of an environment that bridges/cellprofiler/install-cellprofiler made; it takes minutes to make. */
const PYTHON = process.env.PARFOCAL_CELLPROFILER;
const BRIDGE = "bridges/cellprofiler";

it.each(["cellprofiler/measureimagefocus.py", "imagej/src/main/java/org/parfocal/imagej/FrameFocus.java"])(
  "%s knows what the model that ships mostly reads",
  async (file) => {
    const { readings, conditions } = (await openModel(SHIPPED_MODEL)).card;
    const source = await readFile(join("bridges", file), "utf8");
    const numbers = /READINGS = [({](.*?)[)}]/.exec(source)![1]!.split(",").map(Number);
    expect(numbers).toEqual(readings);
    expect(Number(/LEAST_STRUCTURE = ([\d.]+)/.exec(source)![1])).toBe(conditions.leastStructure);
  },
);

describe.skipIf(PYTHON === undefined)("MeasureImageFocus in a pipeline of CellProfiler", () => {
  let folder: string;
  let rows: Record<string, string>[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "parfocal-cellprofiler-"));
    await writeVariedFrames(join(folder, "images"));
    const run = ["-m", "cellprofiler", "-c", "-r", "-p", `${BRIDGE}/focus.cppipe`];
    const places = ["--plugins-directory", BRIDGE, "-i", join(folder, "images"), "-o", join(folder, "out")];
    await promisify(execFile)(PYTHON!, [...run, ...places], { maxBuffer: 2 ** 26 });
    rows = parse(await readFile(join(folder, "out", "Image.csv"), "utf8"), { columns: true });
  }, 300_000);

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("gives the level, the score and the certainty that `parfocal score` gives", async () => {
    const expected = await scoresOf(join(folder, "images"));

    expect(rows.length).toBeGreaterThanOrEqual(100);
    for (const row of rows) {
      const ours = expected.get(row.FileName_DNA!)!;
      expect(Number(row.ImageFocus_Score_DNA)).toBe(ours.level);
      expect(Math.abs(Number(row.ImageFocus_Level_DNA) - ours.expected_level!)).toBeLessThan(1e-3);
      expect(Math.abs(Number(row.ImageFocus_Certainty_DNA) - ours.aggregate_certainty!)).toBeLessThan(1e-3);
    }
    expect(new Set(rows.map((row) => row.ImageFocus_Score_DNA)).size).toBeGreaterThan(3);
  });

  it("stands beside plate, well and site in Parfocal's spelling", () => {
    expect(rows[7]).toMatchObject({ Metadata_Plate: "Plate1", Metadata_Well: "A02", Metadata_Site: "3" });
  });

  it("judges the patches within a mask as a crop of them, and images out of range by their range", async () => {
    const program = `
import sys; sys.path.insert(0, "${BRIDGE}")
import json, numpy, measureimagefocus as module
from cellprofiler_core.image import Image
session = module.session_of(module.model_path(""))
pixels = numpy.random.default_rng(1).random((256, 300)) ** 4
pixels = (pixels + numpy.roll(pixels, 1, 0) + numpy.roll(pixels, 1, 1)) / 3
def counts(values): return module.counts_of(Image(values), "DNA")
mask = numpy.zeros(pixels.shape, bool); mask[:200, :180] = True
small = numpy.zeros(pixels.shape, bool); small[40:160, 40:160] = True
broken = pixels * 7 - 2; broken[3, 4] = numpy.nan
hot = broken.copy(); hot[5, 6] = 1e6; hot[7, 8] = -1e7; hot[9, 10] = numpy.inf
def level(values, mask=None): return module.measure(session, counts(values), mask)
print(json.dumps([level(numpy.where(mask, pixels, 0), mask), level(pixels[:168, :168]),
  level(pixels, small), level(pixels), level(pixels, numpy.ones_like(mask)), level(broken), level(hot)]).replace("NaN", "null"))
`;
    const { stdout } = await promisify(execFile)(PYTHON!, ["-c", program]);
    const [masked, cropped, outside, whole, unmasked, stretched, withHot] = JSON.parse(stdout) as number[][];

    for (const [i, value] of masked!.entries()) expect(value).toBeCloseTo(cropped![i]!, 5);
    expect(outside).toEqual([null, null, null]);
    expect(unmasked).toEqual(whole);
    expect(Math.abs(stretched![2]! - whole![2]!)).toBeLessThan(0.05);
    expect(Math.abs(withHot![2]! - whole![2]!)).toBeLessThan(0.05);
  }, 60_000);
});
