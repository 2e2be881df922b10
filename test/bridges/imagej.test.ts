import { execFile, spawnSync } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { binningFor, unknownObjectiveAt } from "../../src/focus/binning.js";
import { mostProbableLevel } from "../../src/focus/certainty.js";
import { levelColour } from "../../src/focus/colours.js";
import { LEVELS } from "../../src/focus/levels.js";
import { Scorer } from "../../src/focus/scorer.js";
import { patchesOf } from "../../src/focus/tiling.js";
import type { Frame } from "../../src/frames/frame.js";
import { scoresOf, writeVariedFrames } from "../helpers/varied-frames.js";

const execute = promisify(execFile);
const BRIDGE = "bridges/imagej";
const hasJava = ["javac", "mvn"].every((program) => spawnSync(program, ["-version"]).status === 0);

interface Judged {
  readonly file: string;
  readonly label: string;
  readonly slice: number;
  /** Of a hyperstack, from 1. */
  readonly channel: number;
  readonly time: number;
  readonly level: number;
  readonly score: number;
  readonly certainty: number;
  /** Left, top, red, green, blue, slice; of a hyperstack channel, slice and time. */
  readonly patches: [number, number, number, number, number, number, number, number, number][];
}

describe.skipIf(!hasJava && process.env.CI !== "true")("the plugin in ImageJ", () => {
  let folder: string;
  let frames: Map<string, Frame>;
  let judged: Judged[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "parfocal-imagej-"));
    frames = await writeVariedFrames(folder);
    await execute("mvn", ["-q", "-B", "package"], { cwd: BRIDGE });
    const classPath = [join(BRIDGE, "target", "Parfocal_.jar"), join(BRIDGE, "target", "lib", "*")];
    const java = ["-Djava.awt.headless=true", "-Duser.language=en", "-cp", classPath.join(delimiter)];
    const { stdout } = await execute("java", [...java, "test/bridges/ScoreInImageJ.java", folder], {
      maxBuffer: 2 ** 26,
    });
    const lines = stdout.split("\n").filter((line) => line.startsWith("{"));
    judged = lines.map((line) => JSON.parse(line) as Judged);
  }, 600_000);

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("gives the level, the score and the certainty that `parfocal score` gives", async () => {
    const expected = await scoresOf(folder);
    const single = judged.filter(({ file }) => expected.has(file));

    expect(single.length).toBeGreaterThanOrEqual(100);
    for (const { file, level, score, certainty } of single) {
      const ours = expected.get(file)!;
      expect(score).toBe(ours.level);
      expect(Math.abs(level - ours.expected_level!)).toBeLessThan(1e-3);
      expect(Math.abs(certainty - ours.aggregate_certainty!)).toBeLessThan(1e-3);
    }
    expect(new Set(single.map(({ score }) => score)).size).toBeGreaterThan(3);
  });

  it("frames each patch: hue is its level, brightness its certainty", async () => {
    const [name, frame] = [...frames][1]!;
    const scorer = await Scorer.load({ device: "cpu" });
    const report = await scorer.score(frame, { coverage: "full" });
    await scorer.dispose();
    const { tops, lefts } = patchesOf(frame, report);
    const { patches } = judged.find(({ file }) => file === name)!;

    expect(patches).toHaveLength(report.rows * report.columns);
    for (const [patch, [left, top, ...rgb]] of patches.entries()) {
      const levels = report.probabilities.subarray(patch * LEVELS, (patch + 1) * LEVELS);
      const colour = levelColour(mostProbableLevel(levels), report.certainties[patch]!);
      const corner = [lefts[patch % report.columns]! + 2, tops[Math.floor(patch / report.columns)]! + 2];
      expect([left, top]).toEqual(corner);
      for (const [channel, value] of colour.entries())
        expect(Math.abs(rgb[channel]! - value)).toBeLessThan(2.5);
    }
  });

  it("judges small pixels binned, as `parfocal score` does, and frames patches where they lie in the image", async () => {
    const [, frame] = [...frames][0]!;
    const scorer = await Scorer.load({ device: "cpu" });
    const report = await scorer.score(frame, { binning: binningFor(unknownObjectiveAt(0.108)) });
    await scorer.dispose();
    const { level, patches } = judged.find(({ file }) => file === "oversampled")!;

    expect(report.binning).toBe(2);
    expect(level).toBeCloseTo(report.expectedLevel, 3);
    const { tops, lefts } = patchesOf(frame, report);
    const corners = tops.flatMap((top) => lefts.map((left) => [left + 2, top + 2]));
    expect(patches.map(([left, top]) => [left, top])).toEqual(corners);
  });

  it("judges each slice of a stack and shows its frames on that slice alone", () => {
    const slices = judged.filter(({ file }) => file === "stack");

    expect(slices.map(({ slice }) => slice)).toEqual([1, 2]);
    expect(slices.map(({ label }) => label)).toEqual(["stack:file_1", "stack"]);
    expect(slices[0]!.level).toBeCloseTo(judged[0]!.level, 4);
    const perSlice = judged[0]!.patches.length;
    expect(slices[0]!.patches.map((patch) => patch[5])).toEqual([
      ...Array.from({ length: perSlice }, () => 1),
      ...Array.from({ length: perSlice }, () => 2),
    ]);
  });

  it("tells channel and time of a hyperstack, and shows its frames there", () => {
    const planes = judged.filter(({ file }) => file === "hyperstack");

    expect(planes.map(({ channel, time }) => [channel, time])).toEqual([
      [1, 1],
      [2, 1],
      [1, 2],
      [2, 2],
    ]);
    const shown = new Set(planes[0]!.patches.map((patch) => patch.slice(6).join()));
    expect([...shown]).toEqual(["1,1,1", "2,1,1", "1,1,2", "2,1,2"]);
  });

  it("judges floating-point numbers by their range, and colours by their luminance", () => {
    const level = (name: string) => judged.find(({ file }) => file === name)!.level;

    expect(level("float")).toBeCloseTo(judged[0]!.level, 2);
    expect(level("colours")).toBeCloseTo(level("grey8"), 4);
  });

  it("lets no few pixels set the range of floating-point numbers", () => {
    const level = judged.find(({ file }) => file === "hot pixels")!.level;

    expect(level).toBeCloseTo(judged[0]!.level, 2);
  });

  it("leaves in the overlay what is not its own, and replaces its own", () => {
    const { patches } = judged.find(({ file }) => file === "annotated")!;

    expect(patches).toHaveLength(judged[0]!.patches.length + 1);
    expect(patches[0]!.slice(0, 5)).toEqual([1, 1, 255, 255, 255]);
  });

  it("ends when Escape is pressed, and keeps what is judged until then", () => {
    const slices = judged.filter(({ file }) => file === "escape");

    expect(slices.map(({ slice }) => slice)).toEqual([1, 2]);
    expect(slices[0]!.patches).toHaveLength(2 * judged[0]!.patches.length);
  });

  it("says so where the jar of ONNX Runtime is missing", async () => {
    const lib = (await readdir(join(BRIDGE, "target", "lib"))).filter((name) => name.startsWith("ij-"));
    const classPath = [join(BRIDGE, "target", "Parfocal_.jar"), join(BRIDGE, "target", "lib", lib[0]!)];
    const java = [
      "-Djava.awt.headless=true",
      "-cp",
      classPath.join(delimiter),
      "test/bridges/ScoreInImageJ.java",
    ];
    // The program expects an overlay, and ends without.
    const failed = (await execute("java", [...java, folder]).catch((error: unknown) => error)) as {
      stdout: string;
    };

    expect(failed.stdout).toContain("is onnxruntime-1.19.2.jar in plugins/jars");
  }, 60_000);
});
