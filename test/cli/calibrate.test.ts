import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parse } from "csv-parse/sync";
import { beforeAll, describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config/load-config.js";
import type { Frame } from "../../src/frames/frame.js";
import { readFrames } from "../../src/frames/read-frames.js";
import { writeTiff } from "../../src/frames/write-tiff.js";
import { Defocus, toFloat } from "../../src/optics/defocus.js";
import { LEVEL_UM } from "../../src/optics/point-spread-function.js";
import { Random } from "../../src/optics/random.js";
import { expose, IDEAL_SENSOR } from "../../src/optics/sensor.js";
import { type Finished, parfocal, startCommand } from "../helpers/command.js";
import { dataFrame } from "../helpers/images.js";
import { temporaryFolder } from "../helpers/models.js";

const FOCUS_UM = 105;
async function frameIn(path: string): Promise<Frame> {
  for await (const { frame } of readFrames(path)) return frame;
  throw new Error(`${path} holds no frame`);
}

const saturated = (pixels: Frame["pixels"]) =>
  Uint16Array.from(pixels, (count) => Math.min(65_535, 140 * count));

/** A drive whose um are half as long as they should be, which no formula knows. */
const STEP_UM = 3;
const LEVELS_A_STEP = 0.75;
const UM_PER_LEVEL = STEP_UM / LEVELS_A_STEP;

describe("parfocal calibrate", () => {
  let folder: string;
  let stack: string;
  let finished: Finished;
  beforeAll(async () => {
    folder = await temporaryFolder();
    stack = join(folder, "z*.tif");
    const frame = await dataFrame("plate/dsb_520x696_6b72b61b80.png");
    const { width, height } = frame;
    const random = new Random(1);
    const steps = Array.from({ length: 17 }, (_, i) => i - 7);
    const zs = steps.map((step) => Math.abs(step) * LEVELS_A_STEP * LEVEL_UM);
    for (const [i, light] of new Defocus(width, height).applyMany(toFloat(frame), zs).entries()) {
      const pixels = expose(light, { ...IDEAL_SENSOR, gain: 40 }, random);
      const zUm = FOCUS_UM + steps[i]! * STEP_UM;
      await writeTiff(join(folder, `z${String(i).padStart(2, "0")}.tif`), { width, height, pixels }, { zUm });
    }
    const out = join(folder, "calibration.yaml");
    const plot = join(folder, "plot.svg");
    finished = await parfocal("calibrate", stack, "--out", out, "--plot", plot, "--device", "cpu");
  }, 120_000);

  it("says where focus lies and how many um make a level", async () => {
    expect(finished.code, finished.stderr).toBe(0);
    const [, focus, level] = /Focus at z ([\d.]+) um[\s\S]*One level is ([\d.]+) um/.exec(finished.stdout)!;
    expect(Math.abs(Number(focus) - FOCUS_UM)).toBeLessThan(0.3 * UM_PER_LEVEL);
    expect(Math.abs(Number(level) / UM_PER_LEVEL - 1)).toBeLessThan(0.1);
    expect(await readFile(join(folder, "plot.svg"), "utf8")).toMatch(/<polyline [\s\S]*<\/svg>/);
  });

  it("writes a file that the agent takes over its own settings", async () => {
    const file = join(folder, "agent.yaml");
    await writeFile(file, "policy:\n  umPerLevel: 9\n  retries: 2\n");
    const { policy } = await loadConfig({ file, calibration: join(folder, "calibration.yaml") });
    expect(Math.abs(policy.umPerLevel! / UM_PER_LEVEL - 1)).toBeLessThan(0.1);
    expect(policy).toMatchObject({ retries: 2, optics: { binning: 1, na: 0.5 } });
  });

  it("writes a file with which score gives the distance from focus", async () => {
    const calibration = join(folder, "calibration.yaml");
    const scored = await parfocal("score", stack, "--calibration", calibration, "--device", "cpu");
    const rows: Record<string, string>[] = parse(scored.stdout, { columns: true });
    expect(rows).toHaveLength(17);
    for (const [i, row] of rows.entries()) {
      if (Math.abs(i - 7) < 3) continue;
      expect(Math.abs(Number(row.defocus_um) - Math.abs(i - 7) * STEP_UM)).toBeLessThan(0.6 * UM_PER_LEVEL);
    }
  });

  it.each([
    [["--z-step-um", "2"], ["z00.tif", "z01.tif", "z02.tif"], /3 planes at different z; it takes 5/],
    [["--na", "1.2"], ["z00.tif"], /--na must be above 0/],
    [["--z-step-um", "0"], ["z00.tif"], /--z-step-um must be the distance of two planes, um, and not 0/],
    [
      ["--na", "0.5"],
      ["z00.tif"],
      /z00\.tif: the file does not say how large a pixel is in the sample: give --pixel-um/,
    ],
  ])("refuses with %j what is no stack, and says why", async (flags, files, message) => {
    const refused = await parfocal(
      "calibrate",
      ...files.map((file) => join(folder, file)),
      ...flags,
      "--device",
      "cpu",
    );
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toMatch(message);
    expect(refused.stderr).not.toMatch(/\n\s+at /);
  });

  /** The planes of the stack, changed, under names of another order. */
  async function copied(change: (frame: Frame, i: number) => Frame, name: (i: number) => number) {
    const copy = await temporaryFolder();
    for (let i = 0; i < 17; i++) {
      const frame = await frameIn(join(folder, `z${String(i).padStart(2, "0")}.tif`));
      await writeTiff(join(copy, `z${String(name(i)).padStart(2, "0")}.tif`), change(frame, i));
    }
    const out = join(copy, "calibration.yaml");
    const calibrate = (...flags: string[]) =>
      parfocal("calibrate", copy, "--out", out, "--device", "cpu", ...flags);
    return { copy, calibrate, isWritten: () => existsSync(out) };
  }

  it("leaves out planes that show nothing or are saturated, and says how many", async () => {
    const { copy, calibrate } = await copied(
      (frame) => frame,
      (i) => i,
    );
    const { width, height, pixels } = await frameIn(join(folder, "z16.tif"));
    await writeTiff(join(copy, "z17.tif"), { width, height, pixels: saturated(pixels) });
    await writeTiff(join(copy, "z18.tif"), { width, height, pixels: pixels.map(() => 7) });
    const { code, stdout, stderr } = await calibrate("--z-step-um", "3");
    expect(code, stderr).toBe(0);
    expect(stderr).toContain("Left out of 19 planes: 1 blank, 1 unusable");
    const [, focus, level] = /Focus at z ([\d.]+) um[\s\S]*One level is ([\d.]+) um/.exec(stdout)!;
    expect(Math.abs(Number(focus) - 7 * STEP_UM)).toBeLessThan(0.3 * UM_PER_LEVEL);
    expect(Math.abs(Number(level) / UM_PER_LEVEL - 1)).toBeLessThan(0.1);
  });

  it("writes nothing where all planes are saturated, or they are not in the order of z", async () => {
    const bright = await copied(
      ({ width, height, pixels }) => ({ width, height, pixels: saturated(pixels) }),
      (i) => i,
    );
    const { code, stderr } = await bright.calibrate("--z-step-um", "3");
    expect(code).toBe(1);
    expect(stderr).toContain("Left out of 17 planes: 0 blank, 17 unusable");
    expect(bright.isWritten()).toBe(false);

    const disordered = await copied(
      (frame) => frame,
      (i) => (7 * i) % 17,
    );
    const refused = await disordered.calibrate("--z-step-um", "3");
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("of the 17 planes do not lie about one focus");
    expect(disordered.isWritten()).toBe(false);
  });

  it("says where stated optics and the stack are far from each other", async () => {
    const optics = ["--na", "0.5", "--pixel-um", "0.65", "--device", "cpu"];
    const out = ["--out", join(folder, "far.yaml")];
    const told = await Promise.all([
      parfocal("calibrate", stack, ...out, "--z-step-um", "3000", ...optics),
      parfocal("calibrate", stack, ...out, "--z-step-um", "3", ...optics),
    ]);
    expect(told.map(({ code }) => code)).toEqual([0, 0]);
    expect(told.map(({ stdout }) => stdout.includes("far from each other"))).toEqual([true, false]);
  });

  it("refuses a stack of several channels by their names, and takes the one that is chosen", async () => {
    const both = await temporaryFolder();
    for (let i = 0; i < 17; i++) {
      const frame = await frameIn(join(folder, `z${String(i).padStart(2, "0")}.tif`));
      for (const channel of ["DAPI", "GFP"]) {
        const name = `${String(i).padStart(2, "0")}-${channel}.tif`;
        await writeTiff(join(both, name), frame, { channel, zUm: FOCUS_UM + (i - 7) * STEP_UM });
      }
    }
    const out = join(both, "calibration.yaml");
    const refused = await parfocal("calibrate", both, "--z-step-um", "3", "--out", out, "--device", "cpu");
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("the stack has 2 channels (DAPI, GFP): choose one with --channel");

    const flags = ["--z-step-um", "3", "--channel", "gfp", "--out", out, "--device", "cpu"];
    const { code, stdout, stderr } = await parfocal("calibrate", both, ...flags);
    expect(code, stderr).toBe(0);
    const [, level] = /One level is ([\d.]+) um/.exec(stdout)!;
    expect(Math.abs(Number(level) / UM_PER_LEVEL - 1)).toBeLessThan(0.1);
  });

  it("reads each file once", async () => {
    const [hook, log] = [join(folder, "count-opened.mjs"), join(folder, "opened.txt")];
    await writeFile(
      hook,
      `import fs from "node:fs"; import { syncBuiltinESMExports } from "node:module"; const { openSync } = fs;
      fs.openSync = (path, ...more) => {
        if (String(path).endsWith(".tif")) fs.appendFileSync(${JSON.stringify(log)}, path + "\\n");
        return openSync(path, ...more);
      };
      syncBuiltinESMExports();`,
    );
    const out = join(folder, "again.yaml");
    const args = ["calibrate", stack, "--out", out, "--device", "cpu"];
    const { code, stderr } = await startCommand(args, ["--import", pathToFileURL(hook).href]).finished;
    expect(code, stderr).toBe(0);
    const opened = (await readFile(log, "utf8")).trim().split("\n");
    expect(opened).toHaveLength(17);
    expect(new Set(opened).size).toBe(17);
  });

  it("refuses a file that is no calibration", async () => {
    const refused = await parfocal("score", stack, "--calibration", join(folder, "agent.yaml"));
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toMatch(/agent\.yaml.*is not a calibration/s);
  });
});
