import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  accuracyWithin,
  areaUnderCurve,
  confusionMatrix,
  fScore,
  ranks,
  spearman,
} from "../../src/evaluation/metrics.js";
import { golden } from "../helpers/golden.js";

interface Golden {
  correlations: { a: number[]; b: number[]; spearman: number }[];
  curves: { positives: number[]; negatives: number[]; area: number }[];
  fScore: { actual: boolean[]; judged: boolean[]; value: number };
}
const numbers = await golden<Golden>("evaluation/statistics.json");

describe("spearman", () => {
  it.each(numbers.correlations)(
    "equals SciPy's spearmanr, ties and all: $spearman",
    ({ a, b, spearman: expected }) => {
      expect(spearman(a, b)).toBeCloseTo(expected, 10);
    },
  );

  it("is not a number where one side does not vary", () => {
    expect(spearman([1, 2, 3], [5, 5, 5])).toBeNaN();
  });

  it("does not change under any growing map of the values", () => {
    const lists = fc.array(fc.tuple(fc.integer({ min: -50, max: 50 }), fc.integer({ min: -50, max: 50 })), {
      minLength: 3,
      maxLength: 20,
    });
    fc.assert(
      fc.property(lists, (pairs) => {
        const [a, b] = [pairs.map(([x]) => x), pairs.map(([, y]) => y)];
        const mapped = a.map((x) => Math.atan(x / 20) * 3 + 1);
        expect(spearman(mapped, b)).toEqual(spearman(a, b));
      }),
    );
  });
});

describe("ranks", () => {
  it("counts from 1 and gives equal values the mean of their ranks", () => {
    expect(ranks([30, 10, 20, 10, 10])).toEqual([5, 2, 4, 2, 2]);
  });
});

describe("areaUnderCurve", () => {
  it.each(numbers.curves)(
    "equals SciPy's Mann-Whitney statistic over the number of pairs, ties half: $area",
    ({ positives, negatives, area }) => {
      expect(areaUnderCurve(positives, negatives)).toBeCloseTo(area, 12);
    },
  );

  it("is not a number without positives or negatives", () => {
    expect(areaUnderCurve([], [1])).toBeNaN();
    expect(areaUnderCurve([1], [])).toBeNaN();
  });
});

describe("fScore", () => {
  const { actual, judged, value } = numbers.fScore;

  it("equals the harmonic mean of precision and recall that SciPy computes", () => {
    expect(fScore(actual.map((yes, i) => ({ actual: yes, judged: judged[i]! })))).toBeCloseTo(value, 12);
  });

  it("is 1 without errors and 0 without a hit", () => {
    expect(
      fScore([
        { actual: true, judged: true },
        { actual: false, judged: false },
      ]),
    ).toBe(1);
    expect(
      fScore([
        { actual: true, judged: false },
        { actual: false, judged: true },
      ]),
    ).toBe(0);
  });
});

describe("accuracyWithin and confusionMatrix", () => {
  const pairs = [
    [0, 0],
    [0, 1],
    [2, 0],
    [2, 2],
    [1, 2],
  ].map(([actual, judged]) => ({ actual: actual!, judged: judged! }));

  it("count the pairs that are at most so many levels apart", () => {
    expect([0, 1, 2].map((distance) => accuracyWithin(pairs, distance))).toEqual([0.4, 0.8, 1]);
  });

  it("count judged levels in the columns of each true level's row", () => {
    expect(confusionMatrix(pairs, 3)).toEqual([
      [1, 1, 0],
      [0, 0, 1],
      [1, 0, 1],
    ]);
  });
});
