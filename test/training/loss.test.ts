import type { Tensor2D } from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import { NO_LEVEL } from "../../src/training/batch-maker.js";
import { rankedProbabilityScore, targetDistributions } from "../../src/training/loss.js";
import { golden, largestDifference } from "../helpers/golden.js";
import { runtime } from "../helpers/wasm-runtime.js";

interface Golden {
  rankedProbability: { logits: number[][]; levels: number[]; scores: number[]; mean: number };
}
const { logits, levels, scores, mean } = (await golden<Golden>("evaluation/statistics.json"))
  .rankedProbability;
const { tf } = runtime;

const targetsOf = (truth: number[]) =>
  tf.tensor2d(targetDistributions(Float32Array.from(truth)), [truth.length, 11]);
const lossOf = (rows: number[][], truth: number[]) =>
  tf.tidy(() => rankedProbabilityScore(tf, tf.tensor2d(rows), targetsOf(truth)).dataSync()[0]!);

describe("targetDistributions", () => {
  it("puts a whole level on itself, shares one between two, and makes every level equal where there is none", () => {
    const rows = targetDistributions(Float32Array.of(10, 2.25, 0, NO_LEVEL));
    const at = (row: number) => [...rows.subarray(11 * row, 11 * row + 11)];
    expect(at(0)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    expect(at(1)).toEqual([0, 0, 0.75, 0.25, 0, 0, 0, 0, 0, 0, 0]);
    expect(at(2)).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    for (const share of at(3)) expect(share).toBeCloseTo(1 / 11, 6);
  });
});

describe("rankedProbabilityScore", () => {
  it("equals NumPy's mean over a batch to 1e-5, and its value for each patch alone", () => {
    expect(lossOf(logits, levels)).toBeCloseTo(mean, 5);
    for (const [i, row] of logits.entries()) expect(lossOf([row], [levels[i]!])).toBeCloseTo(scores[i]!, 4);
  });

  it("is 0 for a sure and right answer and counts the levels that a sure one is off", () => {
    const sure = (level: number) => Array.from({ length: 11 }, (_, k) => (k === level ? 60 : 0));
    expect(lossOf([sure(4)], [4])).toBeCloseTo(0, 6);
    expect(lossOf([sure(4)], [7])).toBeCloseTo(3, 5);
    expect(lossOf([sure(10)], [0])).toBeCloseTo(10, 5);
  });

  it("has the gradient that finite differences in double precision give, to 1e-4", async () => {
    const truth = targetsOf(levels);
    const input = tf.tensor2d(logits);
    const gradient = tf.grad((x) => rankedProbabilityScore(tf, x as Tensor2D, truth))(input);
    const ours = await gradient.data();
    tf.dispose([truth, input, gradient]);
    const step = 1e-5;
    const numeric = logits.flatMap((row, i) =>
      row.map((_, k) => {
        const moved = (by: number) =>
          score(
            row.map((value, j) => (j === k ? value + by : value)),
            levels[i]!,
          );
        return (moved(step) - moved(-step)) / (2 * step) / logits.length;
      }),
    );
    expect(Math.max(...numeric.map(Math.abs))).toBeGreaterThan(0.01);
    expect(largestDifference(ours, numeric)).toBeLessThan(1e-4 * Math.max(...numeric.map(Math.abs)));
  });
});

/** The same score in double precision. */
function score(row: readonly number[], level: number): number {
  const exponentials = row.map(Math.exp);
  const total = exponentials.reduce((a, b) => a + b);
  let [cumulative, sum] = [0, 0];
  for (const [k, value] of exponentials.entries()) {
    cumulative += value / total;
    sum += (cumulative - (k >= level ? 1 : 0)) ** 2;
  }
  return sum;
}
