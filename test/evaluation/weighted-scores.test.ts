import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { areaUnderCurve, fScore } from "../../src/evaluation/metrics.js";
import { WeightedScores } from "../../src/evaluation/weighted-scores.js";

const frame = fc.record({
  label: fc.boolean(),
  judged: fc.boolean(),
  sharpness: fc.integer({ min: 0, max: 4 }),
  weight: fc.integer({ min: 0, max: 3 }),
});

describe("weighted scores", () => {
  test("are those of frames that are there as often as they weigh", () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 12 }), (frames) => {
        const scores = new WeightedScores(
          frames.map(({ label }) => label),
          {
            sharpness: frames.map(({ sharpness }) => sharpness),
            inFocus: frames.map(({ judged }) => judged),
          },
        );
        const weights = frames.map(({ weight }) => weight);
        const repeated = frames.flatMap((one) => new Array<typeof one>(one.weight).fill(one));
        fc.pre(new Set(repeated.map(({ label }) => label)).size === 2);
        const sharpnessOf = (label: boolean) =>
          repeated.filter((one) => one.label === label).map(({ sharpness }) => sharpness);

        expect(scores.fScore(weights)).toBe(
          fScore(repeated.map(({ label, judged }) => ({ actual: label, judged }))),
        );
        expect(scores.areaUnderCurve(weights)).toBeCloseTo(
          areaUnderCurve(sharpnessOf(true), sharpnessOf(false)),
          12,
        );
      }),
    );
  });
});
