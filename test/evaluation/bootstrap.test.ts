import { describe, expect, test } from "vitest";
import { difference, estimate, resample } from "../../src/evaluation/bootstrap.js";
import { Random } from "../../src/optics/random.js";

describe("resamples", () => {
  const fields = [0, 0, 1, 2, 2, 2, 3];
  const labels = [true, false, true, false, false, true, false];
  const resamples = resample(fields, labels, 500, new Random(1));

  test("keep the frames of a field together, and hold as many fields as there are", () => {
    for (const weights of resamples) {
      expect([weights[0], weights[3], weights[4]]).toEqual([weights[1], weights[4], weights[5]]);
      expect(weights[0]! + weights[2]! + weights[3]! + weights[6]!).toBe(4);
    }
  });

  test("hold frames of both labels, although draws of field 1 alone or of field 3 alone do not", () => {
    for (const weights of resamples) {
      for (const label of [true, false]) {
        expect(labels.some((own, frame) => own === label && weights[frame]! > 0)).toBe(true);
      }
    }
  });

  test("are the same for the same seed", () => {
    expect(resample(fields, labels, 5, new Random(1))).toEqual(resamples.slice(0, 5));
    expect(resample(fields, labels, 5, new Random(2))).not.toEqual(resamples.slice(0, 5));
  });

  test("scatter a share as the binomial distribution does", () => {
    // Of 400 fields a quarter hits: 25 %, with a standard deviation of sqrt(0.25 * 0.75 / 400) = 2.17 %.
    const many = Array.from({ length: 400 }, (_, i) => i);
    const hits = many.map((i) => i % 4 === 0);
    const shares = resample(many, hits, 2000, new Random(3)).map(
      (weights) => hits.reduce((sum, hit, i) => sum + (hit ? weights[i]! : 0), 0) / 400,
    );
    const { low, high } = estimate(0.25, shares);
    expect(low).toBeCloseTo(0.25 - 1.96 * 0.0217, 2);
    expect(high).toBeCloseTo(0.25 + 1.96 * 0.0217, 2);
  });
});

test("an estimate leaves out 2.5 % of the resamples on either side, in whatever order they come", () => {
  const resampled = Array.from({ length: 1000 }, (_, i) => (i * 7) % 1000);
  expect(estimate(3, resampled)).toEqual({ value: 3, low: 24, high: 974 });
});

test("a difference is as likely by chance as twice the share of the resamples beyond 0", () => {
  const resampled = Array.from({ length: 999 }, (_, i) => i - 9.5);
  // Ten of the 999 are below 0.
  expect(difference(400, resampled).p).toBeCloseTo((2 * 11) / 1000, 12);
  expect(
    difference(
      -400,
      resampled.map((d) => -d),
    ).p,
  ).toBeCloseTo((2 * 11) / 1000, 12);
  expect(difference(0, new Array<number>(999).fill(0)).p).toBe(1);
});
