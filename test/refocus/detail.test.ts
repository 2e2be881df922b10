import { describe, expect, test } from "vitest";
import { DetailEvidence, type DetailWeights, type MeasuredDetail } from "../../src/refocus/detail.js";
import { FINENESS } from "../../src/refocus/detail-measures.js";
import { finenessSeen } from "./helpers.js";

const UM_PER_LEVEL = 2;
const focusUm = Array.from({ length: 81 }, (_, i) => (i - 40) / 4);

function framesOf(zs: readonly number[], inFocus: number, fall: number) {
  return zs.map((zUm) => ({ zUm, value: finenessSeen(zUm / UM_PER_LEVEL, inFocus, fall) }));
}

function likelihoods(samples: Parameters<typeof fieldEvidence>[0], weights = FINENESS.any) {
  return fieldEvidence(samples, weights).over(focusUm, UM_PER_LEVEL);
}

function fieldEvidence(samples: readonly MeasuredDetail[], weights: DetailWeights) {
  return new DetailEvidence(FINENESS, samples, weights);
}

/** What fields with focus at 0 teach a run. */
function afterFields(fields: readonly (readonly [inFocus: number, fall: number])[]): DetailWeights {
  const learned = fields.map(([inFocus, fall]) => {
    const weights = new Float64Array(FINENESS.any.length);
    const atZero = new Float64Array(focusUm.length);
    atZero[40] = 1;
    fieldEvidence(framesOf([-3, 0, 2], inFocus, fall), FINENESS.any).addTo(
      weights,
      atZero,
      focusUm,
      UM_PER_LEVEL,
    );
    return FINENESS.likeThese(weights);
  });
  return learned[0]!.map((_, i) => learned.reduce((sum, weights) => sum + weights[i]!, 0) / learned.length);
}

/** Plane of focus at which the finenesses are likeliest, um. */
function likeliestOf(values: Float64Array): number {
  return focusUm[values.indexOf(Math.max(...values))]!;
}

describe("fineness", () => {
  test("of one frame says nothing while no field is known, nor do frames without any", () => {
    const ofOne = likelihoods([{ zUm: 1, value: -1.7 }]);

    expect(Math.max(...ofOne) / Math.min(...ofOne)).toBeLessThan(1.05);
    expect(
      new Set(
        likelihoods([
          { zUm: 1, value: undefined },
          { zUm: 3, value: undefined },
        ]),
      ),
    ).toEqual(new Set([1]));
  });

  test.each([
    [0.06, -2],
    [0.25, -1.3],
    [0.6, -0.9],
  ])("of three frames shows the plane of focus, with a fall of %d a level, too", (fall, inFocus) => {
    const seen = framesOf([-2.5, 1, 3], inFocus, fall);

    const values = likelihoods(seen);

    expect(Math.abs(likeliestOf(values))).toBeLessThanOrEqual(0.25);
    // One level off it is ten times less likely.
    expect(values[40]! / Math.max(values[32]!, values[48]!)).toBeGreaterThan(10);
  });

  test("of one frame tells it from one that is a level off, once the run has shown such fields", () => {
    const known = afterFields([
      [-1.3, 0.25],
      [-1.33, 0.25],
      [-1.28, 0.25],
    ]);

    const sharp = likelihoods([{ zUm: 0, value: -1.31 }], known);
    const blurred = likelihoods([{ zUm: 0, value: -1.31 - 0.25 }], known);

    // Focus at 0 um against focus 2 um away, one level.
    expect(sharp[40]! / sharp[48]!).toBeGreaterThan(3);
    expect(blurred[48]! / blurred[40]!).toBeGreaterThan(3);
  });

  test("of fields that differ says less than of fields that are alike", () => {
    const alike = afterFields([
      [-1.3, 0.25],
      [-1.3, 0.25],
    ]);
    const unlike = afterFields([
      [-1.3, 0.25],
      [-1.55, 0.25],
    ]);
    const odds = (weights: DetailWeights) => {
      const values = likelihoods([{ zUm: 0, value: -1.55 }], weights);
      return values[48]! / values[40]!;
    };

    expect(odds(alike)).toBeGreaterThan(4 * odds(unlike));
  });

  test("that has nothing to do with focus never rules a plane out", () => {
    const values = likelihoods([
      { zUm: -2, value: -1 },
      { zUm: 0, value: -2 },
      { zUm: 2, value: -0.5 },
    ]);

    expect(Math.max(...values) / Math.min(...values)).toBeLessThan(100);
  });
});
