import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { judgedPatches } from "../../scripts/judged-patches.js";
import { EngineError, FrameShapeError, ModelError, UnknownNameError } from "../../src/errors.js";
import { defocusLevels } from "../../src/focus/defocus-levels.js";
import { startOnnx } from "../../src/focus/engines/onnx.js";
import { frameLevel } from "../../src/focus/frame-level.js";
import { openModel } from "../../src/focus/model.js";
import { patchStrip } from "../../src/focus/patch-strip.js";
import type { FocusReport } from "../../src/focus/report.js";
import { Scorer } from "../../src/focus/scorer.js";
import { patchGrid, type Tiling } from "../../src/focus/tiling.js";
import type { Frame } from "../../src/frames/frame.js";
import { Defocus } from "../../src/optics/defocus.js";
import { LEVEL_UM } from "../../src/optics/point-spread-function.js";
import { Random } from "../../src/optics/random.js";
import { expose, IDEAL_SENSOR } from "../../src/optics/sensor.js";
import { golden, largestDifference } from "../helpers/golden.js";
import { binned, DATA, dataFrame, spots } from "../helpers/images.js";
import { SHIPPED_MODEL } from "../helpers/models.js";

interface ModelAnswers {
  sha256: string;
  frames: { file: string; distribution: number[]; frameCertainties: number[]; certainties: number[] }[];
}

const IN_FOCUS = "evaluation/dsb_520x696_4ee5850b63.png";
const OUT_OF_FOCUS = "evaluation/dsb_520x696_5afb7932e9.png";

/** As it is on the left, six levels out of focus on the right. */
function blurredOnTheRight(frame: Frame): Frame {
  const { width, height, pixels } = frame;
  const light = Float32Array.from(pixels);
  const [blurred] = new Defocus(width, height).applyMany(light, [6 * LEVEL_UM]);
  return { ...frame, pixels: pixels.map((value, i) => (i % width < width / 2 ? value : blurred![i]!)) };
}

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error as Error,
  );

describe("Scorer with the shipped model", () => {
  let scorer: Scorer;
  beforeAll(async () => {
    scorer = await Scorer.load({ model: SHIPPED_MODEL, device: "cpu" });
  });
  afterAll(() => scorer.dispose());

  it("answers as the same graph does in Python's ONNX Runtime, to 1e-5", async () => {
    const { sha256, frames } = await golden<ModelAnswers>("focus/model-answers.json");
    expect(sha256, "the model was replaced: python scripts/make-golden-numbers.py --model").toBe(
      scorer.model.sha256,
    );
    const engine = await startOnnx(await openModel(SHIPPED_MODEL), { device: "cpu" });
    for (const { file, distribution, frameCertainties, certainties } of frames) {
      const frame = await dataFrame(file);
      const answer = await engine.run(frame);
      expect(largestDifference(answer.distribution, distribution)).toBeLessThan(1e-5);
      const ours = [answer.aggregateCertainty, answer.meanCertainty, answer.maxCertainty];
      expect(largestDifference(ours, frameCertainties)).toBeLessThan(1e-5);
      const report = await scorer.score(frame, { coverage: "full" });
      expect(largestDifference(report.certainties, certainties)).toBeLessThan(1e-5);
    }
    await engine.dispose();
  });

  it("calls a published in-focus field in focus and a published out-of-focus one not", async () => {
    const sharp = await scorer.score(await dataFrame(IN_FOCUS));
    const blurred = await scorer.score(await dataFrame(OUT_OF_FOCUS));
    expect(sharp.condition).toBe("in-focus");
    expect(sharp.level).toBeLessThanOrEqual(1);
    expect(["defocused", "mixed"]).toContain(blurred.condition);
    expect(blurred.expectedLevel).toBeGreaterThan(sharp.expectedLevel + 0.6);
  });

  it("is sure of nothing in the rim of a bubble, which is bent and bright and no structure that could be in focus", async () => {
    const report = await scorer.score(bubble(336, 252));

    expect(report.condition).toBe("blank");
    expect(report.aggregateCertainty).toBeLessThan(0.5);
    expect(report.confidence).toBeLessThan(0.5);
  });

  it("finds no image of cells unfamiliar or empty, of whatever source, but a mesh of lines", async () => {
    for (const name of await readdir(join(DATA, "plate"))) {
      if (!name.endsWith(".png")) continue;
      const { condition, unfamiliar } = await scorer.score(await dataFrame(`plate/${name}`));
      expect([name, condition === "blank", unfamiliar]).toEqual([name, false, false]);
    }
    const report = await scorer.score(mesh(420, 336));
    expect(report).toMatchObject({ condition: "in-focus", unfamiliar: true });
    // As often as a guess.
    expect(report.confidence).toBeLessThanOrEqual(3 / 11);
  });

  it("judges a frame in 2 x 2 as it judges the frame that a camera would have binned", async () => {
    const frame = await dataFrame(IN_FOCUS);
    const half = await scorer.score(binned(frame, 2));
    const whole = await scorer.score(frame, { binning: 2 });
    expect(whole).toMatchObject({ binning: 2, rows: half.rows, columns: half.columns });
    expect(whole.probabilities).toEqual(half.probabilities);
    expect((await scorer.score(frame)).binning).toBe(1);
  });

  it.each([3, 6, 9])(
    "finds an in-focus field that is defocused to level %i at that level, give or take one",
    async (level) => {
      const { width, height, pixels } = await dataFrame(IN_FOCUS);
      const light = new Defocus(width, height).apply(
        Float32Array.from(pixels, (value) => 40 * value),
        level * LEVEL_UM,
      );
      const report = await scorer.score({
        width,
        height,
        pixels: expose(light, IDEAL_SENSOR, new Random(1)),
      });
      expect(report.condition).toBe("defocused");
      expect(Math.abs(report.level - level)).toBeLessThanOrEqual(1);
    },
  );

  it.each([IN_FOCUS, OUT_OF_FOCUS, "plate/dsb_520x696_175dbb364b.png"])(
    "gives the 8-, 12- and 16-bit recordings of %s the same level",
    async (file) => {
      const { width, height, pixels } = await dataFrame(file);
      expect(pixels).toBeInstanceOf(Uint8Array);
      const times = (factor: number) => Uint16Array.from(pixels, (value) => value * factor);
      const bytes = await scorer.score({ width, height, pixels });
      for (const [factor, bitDepth] of [
        [16, 12],
        [257, 16],
      ] as const) {
        const { level, expectedLevel } = await scorer.score({
          width,
          height,
          pixels: times(factor),
          bitDepth,
        });
        expect(level).toBe(bytes.level);
        expect(Math.abs(expectedLevel - bytes.expectedLevel)).toBeLessThan(0.5);
      }
    },
  );

  it("gives the same report for the same frame, alone or among others at once", async () => {
    const frames = [await dataFrame(IN_FOCUS), spots(170, 90, 1), spots(84, 84, 2)];
    const alone = [];
    for (const frame of frames) alone.push(await scorer.score(frame));
    expect(await Promise.all(frames.map((frame) => scorer.score(frame)))).toEqual(alone);
  });

  it("gives a large frame the same verdict whether all its patches are judged or those that decide it", async () => {
    const frame = spots(1100, 1000, 4);
    const sample = await scorer.score(frame);
    const full = await scorer.score(frame, { coverage: "full" });
    const { probabilities, certainties, confidences, coverage, ...verdict } = sample;
    expect([sample.coverage, full.coverage]).toEqual(["sample", "full"]);
    expect(full).toMatchObject(verdict);
    expect(certainties).toHaveLength(12 * 14);
    const judged = [...certainties.keys()].filter((patch) => !Number.isNaN(certainties[patch]));
    expect(judged).toHaveLength(32);
    for (const patch of judged) expect(full.certainties[patch]).toBe(certainties[patch]);
    expect([...full.certainties, ...full.probabilities].every(Number.isFinite)).toBe(true);
    expect(probabilities.filter(Number.isFinite)).toHaveLength(32 * 11);
    const first = await scorer.score({
      width: 84,
      height: 84,
      pixels: patchStrip(frame, patchGrid(frame, 1), [3]).pixels,
    });
    expect(full.probabilities.subarray(33, 44)).toEqual(first.probabilities);
  });

  it("judges all patches that decide only where the first ones leave doubt, and the verdict is that of those it judged", async () => {
    const judged = ({ certainties }: FocusReport) => certainties.filter((c) => !Number.isNaN(c)).length;
    const sharp = await scorer.score(await dataFrame(IN_FOCUS));
    const disagreeing = await scorer.score(blurredOnTheRight(await dataFrame(IN_FOCUS)));
    expect([judged(sharp), sharp.condition]).toEqual([16, "in-focus"]);
    expect([judged(disagreeing), disagreeing.condition]).toEqual([32, "mixed"]);
    const random = new Random(1);
    const noise = Uint16Array.from({ length: 1000 * 1000 }, () => random.poisson(500));
    const empty = await scorer.score({ width: 1000, height: 1000, pixels: noise });
    expect([judged(empty), empty.condition]).toEqual([32, "blank"]);
  });

  it("takes the defocus, and its whole level, from what frames of the model mostly read at each level", async () => {
    const { width, height, pixels } = await dataFrame(IN_FOCUS);
    const { readings } = (await openModel(SHIPPED_MODEL)).card;
    const levels = [2, 8, 10];
    const blurred = new Defocus(width, height).applyMany(
      Float32Array.from(pixels),
      levels.map((level) => level * LEVEL_UM),
    );
    for (const [i, level] of levels.entries()) {
      const report = await scorer.score({ width, height, pixels: Uint16Array.from(blurred[i]!) });
      const { probabilities, certainties } = judgedPatches(report);
      const { medianLevel } = frameLevel(probabilities, certainties);
      expect(report.defocusLevels).toBeCloseTo(defocusLevels(medianLevel, readings), 6);
      expect(report.level).toBe(Math.round(report.defocusLevels));
      expect(report.level).toBe(level);
    }
  });

  it("knows how blurred an overexposed frame is from the patches that are not cut off", async () => {
    const frame = await dataFrame(IN_FOCUS);
    const [blurred] = new Defocus(frame.width, frame.height).applyMany(Float32Array.from(frame.pixels), [
      7 * LEVEL_UM,
    ]);
    const gain = 255 / blurred!.toSorted().at(Math.floor(0.92 * blurred!.length))!;
    const pixels = Uint8Array.from(blurred!, (value) => Math.min(255, gain * value));
    const report = await scorer.score({ ...frame, pixels, bitDepth: 8 });
    expect(report.saturatedFraction).toBeGreaterThan(0.07);
    expect(report.condition).toBe("unusable");
    expect(Math.abs(report.expectedLevel - 7)).toBeLessThan(1);
  });

  it("judges every pixel, or only whole patches from the corner when it tiles as the original does", async () => {
    const frame = await dataFrame(IN_FOCUS);
    const original = await Scorer.load({ model: SHIPPED_MODEL, device: "cpu", tiling: "original" });
    const cover = await scorer.score(frame, { coverage: "full" });
    const whole = await original.score(frame);
    await original.dispose();
    expect([cover.rows, cover.columns, whole.rows, whole.columns]).toEqual([7, 9, 6, 8]);
    expect(
      largestDifference(whole.probabilities.subarray(0, 11), cover.probabilities.subarray(0, 11)),
    ).toBeLessThan(1e-5);
  });

  it.each<[string, Frame, RegExp]>([
    ["is too small", spots(83, 200, 1), /83 x 200 px, smaller than one 84 x 84/],
    [
      "does not fill its shape",
      { width: 100, height: 100, pixels: new Uint16Array(9999) },
      /9999 pixels do not fill .* \(10000 needed\)/,
    ],
    ["overfills its shape", { width: 100, height: 100, pixels: new Uint8Array(10_001) }, /10001 pixels/],
    [
      "has no whole shape",
      { width: 84.5, height: 100, pixels: new Uint16Array(8450) },
      /shape 100 x 84\.5 is not a frame/,
    ],
    [
      "is wider than any camera",
      { width: 40_000, height: 84, pixels: new Uint8Array(40_000 * 84) },
      /over the limit/,
    ],
    [
      "holds other numbers",
      { width: 84, height: 84, pixels: new Float32Array(84 * 84) as unknown as Uint16Array },
      /neither uint8 nor uint16/,
    ],
  ])("refuses a frame that %s with a FrameShapeError and scores the next", async (_, frame, reason) => {
    const error = await failure(scorer.score(frame));
    expect(error).toBeInstanceOf(FrameShapeError);
    expect(error!.message).toMatch(reason);
    expect((await scorer.score(spots(84, 84, 1))).rows).toBe(1);
  });

  it("stops for a signal that is aborted before or while it computes", async () => {
    const frame = await dataFrame(IN_FOCUS);
    const reason = new Error("no longer wanted");
    expect(await failure(scorer.score(frame, { signal: AbortSignal.abort(reason) }))).toBe(reason);
    const later = new AbortController();
    const scoring = failure(scorer.score(frame, { signal: later.signal }));
    later.abort(reason);
    expect(await scoring).toBe(reason);
  });

  it("gives the same numbers where it leaves the cores to others between frames", async () => {
    const polite = await Scorer.load({ model: SHIPPED_MODEL, device: "cpu", sharesCores: true });
    const frame = await dataFrame(IN_FOCUS);
    const expected = await scorer.score(frame, { coverage: "full" });
    const actual = await polite.score(frame, { coverage: "full" });
    await polite.dispose();
    expect(largestDifference(actual.probabilities, expected.probabilities)).toBeLessThan(1e-6);
    expect([actual.level, actual.condition]).toEqual([expected.level, expected.condition]);
  });

  it("says so when it is used after it was disposed, which does nothing the second time", async () => {
    const other = await Scorer.load({ model: SHIPPED_MODEL, device: "cpu" });
    const frame = await dataFrame(IN_FOCUS);
    await other.dispose();
    await other.dispose();
    const error = await failure(other.score(frame));
    expect(error).toBeInstanceOf(EngineError);
    expect(error!.message).toMatch(/was disposed/);
    expect((await scorer.score(frame)).condition).toBe("in-focus");
  });

  it.each([0, -1, 1.5, Number.NaN])("refuses a binning of %d", async (binning) => {
    const error = await failure(scorer.score(await dataFrame(IN_FOCUS), { binning }));
    expect(error).toBeInstanceOf(FrameShapeError);
    expect(error!.message).toMatch(/binning/);
  });

  it.each([0, -1, 7, 10.5, 17, Number.NaN])("refuses a bit depth of %d", async (bitDepth) => {
    const error = await failure(scorer.score({ ...(await dataFrame(IN_FOCUS)), bitDepth }));
    expect(error).toBeInstanceOf(FrameShapeError);
    expect(error!.message).toMatch(/bit depth/);
  });

  it("names its engine and device in one line", () => {
    expect(scorer.engine).toMatch(/^ONNX Runtime [\d.]+ on cpu$/);
  });
});

describe("Scorer.load", () => {
  it.each([
    [{ engine: "tensorrt" }, 'unknown engine "tensorrt"; known: onnx, kserve, tensorflow'],
    [{ device: "tpu" }, 'unknown device "tpu"; known: auto, cuda, webgpu, cpu'],
    [{ tiling: "tiles" as Tiling }, 'unknown tiling "tiles"; known: cover, original'],
    [{ engine: "tensorflow", device: "tpu" }, 'unknown TensorFlow backend "tpu"; known: gpu, native, wasm'],
  ])("refuses %j and lists the known names", async (options, message) => {
    const error = await failure(Scorer.load({ model: SHIPPED_MODEL, ...options }));
    expect(error).toBeInstanceOf(UnknownNameError);
    expect(error!.message).toBe(message);
  });

  it("names a model that is not there", async () => {
    const error = await failure(Scorer.load({ model: "no-such-model" }));
    expect(error).toBeInstanceOf(ModelError);
    expect(error!.message).toMatch(
      /model no-such-model: .*no shipped model of this name \(there is: default\)/,
    );
  });
});

/** A bright rim on an even field, with photon noise. */
function bubble(width: number, height: number): Frame {
  const random = new Random(3);
  const pixels = Uint16Array.from({ length: width * height }, (_, i) => {
    const radius = Math.hypot((i % width) - 60, Math.floor(i / width) - 90);
    return random.poisson(400 * (1 + 0.8 * Math.exp(-((radius - 120) ** 2) / (2 * 8 ** 2))));
  });
  return { width, height, pixels };
}

/** Bright lines 20 px apart, such as a slide for calibration has, with photon noise. */
function mesh(width: number, height: number): Frame {
  const random = new Random(4);
  const pixels = Uint16Array.from({ length: width * height }, (_, i) => {
    const isLine = (i % width) % 20 < 2 || Math.floor(i / width) % 20 < 2;
    return random.poisson(isLine ? 1000 : 100);
  });
  return { width, height, pixels };
}
