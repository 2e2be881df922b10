import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { OutputError, TrainingError } from "../../src/errors.js";
import { readCheckpoint } from "../../src/training/checkpoint.js";
import { temporaryFolder } from "../helpers/models.js";
import { runtime } from "../helpers/wasm-runtime.js";
import { type Run, runTrainer } from "./run-trainer.js";

const { tf } = runtime;

describe("Trainer on WebAssembly", () => {
  let unbroken: Run;
  /** The first step alone of the same run. */
  let first: Run;
  let tensorsBefore: number;
  beforeAll(async () => {
    tensorsBefore = tf.memory().numTensors;
    unbroken = await runTrainer(tf, { steps: 6 });
    first = await runTrainer(tf, { steps: 6, stopAfter: 1 });
  });

  it("gives after 3 steps, a stop and 3 more exactly the weights and the curve of 6 unbroken steps", async () => {
    const half = await runTrainer(tf, { steps: 6, stopAfter: 3 });
    expect(half.result.step).toBe(3);
    expect(half.result.weights).not.toEqual(unbroken.result.weights);
    const resumed = await runTrainer(tf, { steps: 6, from: half.checkpointPath });
    expect(resumed.progress.map(({ step }) => step)).toEqual([4, 5, 6]);
    expect(resumed.result.weights).toEqual(unbroken.result.weights);
    expect(resumed.result.curve).toEqual(unbroken.result.curve);
  });

  it("ends by the clock, with the weights that judged the held-out fields best, also after a stop", async () => {
    // A rate at which it gets worse again.
    const wild = { learningRate: 20 };
    const timed = await runTrainer(tf, { minutes: 6 / 60, ...wild });
    const { curve, point, finished, step } = timed.result;
    const losses = curve.map(({ heldOutLoss }) => heldOutLoss);
    const best = curve[losses.indexOf(Math.min(...losses))]!;
    expect({ finished, step, points: curve.length, point }).toEqual({
      ...{ finished: true, step: 6, points: 6, point: best },
    });
    expect(best.step).toBeLessThan(6);
    // A second a step: the same rates as in a run of so many steps.
    const atBest = await runTrainer(tf, { steps: 6, stopAfter: best.step, ...wild });
    expect(timed.result.weights).toEqual(atBest.result.weights);
    expect(atBest.result.finished).toBe(false);

    const half = await runTrainer(tf, { minutes: 6 / 60, stopAfter: 5, ...wild });
    const resumed = await runTrainer(tf, { minutes: 6 / 60, from: half.checkpointPath, ...wild });
    expect(resumed.progress.map(({ share }) => share)).toEqual([1]);
    expect(resumed.result.weights).toEqual(timed.result.weights);
  });

  it.runIf(existsSync("/dev/full"))(
    "trains on where the disk is too full for checkpoints; a run that is stopped there fails",
    async () => {
      const full = { steps: 3, checkpointPath: "/dev/full", checkpointSeconds: 0 };
      const { result, checkpointFailures } = await runTrainer(tf, full);
      expect(result.finished).toBe(true);
      expect(checkpointFailures.length).toBe(4);
      expect(checkpointFailures[0]).toContain("/dev/full: cannot be written");
      await expect(runTrainer(tf, { ...full, stopAfter: 1 })).rejects.toThrow(OutputError);
    },
  );

  it("gives the same losses with the same seed, and others with another", async () => {
    const other = await runTrainer(tf, { steps: 6, stopAfter: 1, seed: 2 });
    expect(first.progress[0]!.loss).toBe(unbroken.progress[0]!.loss);
    expect(other.progress[0]!.loss).not.toBe(unbroken.progress[0]!.loss);
    expect(other.result.weights).not.toEqual(first.result.weights);
  });

  it("moves every weight, the moving averages too, and keeps them finite", () => {
    for (const [name, { values }] of unbroken.result.weights) {
      expect(values, name).not.toEqual(first.result.weights.get(name)!.values);
      expect(values.every(Number.isFinite), name).toBe(true);
    }
  });

  it("keeps the number of tensors from step to step and frees all at its end", () => {
    expect(new Set(unbroken.tensors).size).toBe(1);
    expect(tf.memory().numTensors).toBe(tensorsBefore);
  });

  it("reports each step with loss, speed, time left and the last point of the curve", () => {
    const { progress, result } = unbroken;
    expect(progress.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6]);
    for (const { loss, stepsPerSecond, secondsLeft } of progress) {
      expect(loss).toBeGreaterThan(0);
      expect(stepsPerSecond).toBeGreaterThan(0);
      expect(secondsLeft).toBeGreaterThanOrEqual(0);
    }
    expect(progress.at(-1)!.secondsLeft).toBe(0);
    expect(progress.at(-1)!.lastPoint).toEqual(result.curve.at(-1));
    for (const { heldOutExact, heldOutWithinOne } of result.curve) {
      expect(heldOutExact).toBeLessThanOrEqual(heldOutWithinOne);
      expect(heldOutWithinOne).toBeLessThanOrEqual(1);
    }
  });

  it("learns: within 40 steps the loss falls below three quarters of that of the first", async () => {
    const { progress } = await runTrainer(tf, { steps: 40 });
    const lossOf = (from: number, to: number) => {
      const losses = progress.slice(from, to).map(({ loss }) => loss);
      return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
    };
    expect(lossOf(32, 40)).toBeLessThan(0.75 * lossOf(0, 4));
  });
});

describe("readCheckpoint", () => {
  it.each([
    ["is missing", undefined, "there is no checkpoint to go on from; to begin, leave --resume out"],
    ["is empty", new Uint8Array(), "cannot go on from this checkpoint"],
    [
      "is no checkpoint",
      new TextEncoder().encode("this is not a checkpoint at all"),
      "cannot go on from this checkpoint",
    ],
  ])("names a file that %s, in a TrainingError", async (_, bytes, says) => {
    const path = join(await temporaryFolder(), "checkpoint.safetensors");
    if (bytes) await writeFile(path, bytes);
    const error: unknown = await readCheckpoint(path).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(TrainingError);
    expect((error as Error).message).toContain(`${path}: ${says}`);
  });
});
