import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  certaintyOf,
  expectedLevel,
  frameDistribution,
  mostProbableLevel,
} from "../../src/focus/certainty.js";
import { golden, largestDifference } from "../helpers/golden.js";

interface Aggregated {
  patches: number[][];
  certainties: number[];
  distribution: number[];
  level: number;
  expectedLevel: number;
  aggregateCertainty: number;
  meanCertainty: number;
  maxCertainty: number;
}
const frames = await golden<Aggregated[]>("focus/aggregation.json");

const distributions = fc
  .array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 11, maxLength: 11 })
  .filter((values) => values.some((value) => value > 1e-3))
  .map((values) => {
    const total = values.reduce((a, b) => a + b);
    return values.map((value) => value / total);
  });

function aggregated(patches: readonly (readonly number[])[]) {
  const certainties = Float32Array.from(patches, certaintyOf);
  const distribution = frameDistribution(Float32Array.from(patches.flat()), certainties, patches[0]!.length);
  return { certainties, distribution };
}

describe("certainty and aggregation", () => {
  it("give the original's golden values: level 2, mean .272, maximum and aggregate .545", () => {
    const { certainties, distribution } = aggregated([
      [1 / 3, 1 / 3, 1 / 3],
      [0, 0.2, 0.8],
    ]);
    expect(mostProbableLevel(distribution)).toBe(2);
    expect((certainties[0]! + certainties[1]!) / 2).toBeCloseTo(0.272, 3);
    expect(Math.max(...certainties)).toBeCloseTo(0.545, 3);
    expect(certaintyOf(distribution)).toBeCloseTo(0.545, 3);
  });

  it.each(frames.map((frame, i) => [i, frame] as const))(
    "equal SciPy's entropy and NumPy's weighted mean to 1e-6: frame %i",
    (_, frame) => {
      const { certainties, distribution } = aggregated(frame.patches);
      expect(largestDifference(certainties, frame.certainties)).toBeLessThan(1e-6);
      expect(largestDifference(distribution, frame.distribution)).toBeLessThan(1e-6);
      expect(mostProbableLevel(distribution)).toBe(frame.level);
      expect(expectedLevel(distribution)).toBeCloseTo(frame.expectedLevel, 5);
      expect(certaintyOf(distribution)).toBeCloseTo(frame.aggregateCertainty, 5);
    },
  );

  it("keep every distribution's certainty within 0 and 1, the same in any order of its levels", () => {
    fc.assert(
      fc.property(distributions, (distribution) => {
        const certainty = certaintyOf(distribution);
        expect(certainty).toBeGreaterThanOrEqual(0);
        expect(certainty).toBeLessThanOrEqual(1);
        expect(certaintyOf([...distribution].reverse())).toBeCloseTo(certainty, 10);
      }),
    );
  });

  it("give a frame distribution that sums to 1 and lies within its patches'", () => {
    fc.assert(
      fc.property(fc.array(distributions, { minLength: 1, maxLength: 8 }), (patches) => {
        const { distribution } = aggregated(patches);
        expect(distribution.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
        for (const [k, value] of distribution.entries()) {
          const column = patches.map((patch) => patch[k]!);
          expect(value).toBeGreaterThanOrEqual(Math.min(...column) - 1e-6);
          expect(value).toBeLessThanOrEqual(Math.max(...column) + 1e-6);
        }
      }),
    );
  });

  it("leave a patch without any certainty out of the frame distribution", () => {
    const sure = Array.from({ length: 11 }, (_, k) => (k === 3 ? 1 : 0));
    const { distribution } = aggregated([new Array<number>(11).fill(1 / 11), sure]);
    expect(largestDifference(distribution, sure)).toBeLessThan(1e-6);
  });
});

describe("mostProbableLevel", () => {
  it("is the lowest of equals", () => {
    expect(mostProbableLevel([0.1, 0.4, 0.1, 0.4])).toBe(1);
  });
});

describe("expectedLevel", () => {
  it("is the mean of the levels, weighted by their probability", () => {
    expect(expectedLevel([0.5, 0, 0, 0, 0.5])).toBe(2);
  });
});
