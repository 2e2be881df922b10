import { describe, expect, test } from "vitest";
import { chooseRule, isInFocus } from "../../src/evaluation/focus-rule.js";

const labelled = (inFocus: readonly number[], outOfFocus: readonly number[]) => [
  ...inFocus.map((value) => ({ value, inFocus: true })),
  ...outOfFocus.map((value) => ({ value, inFocus: false })),
];

describe("the rule that is chosen for a measure", () => {
  test("lies between the labels where the measure parts them, in whichever direction sharp is", () => {
    expect(chooseRule(labelled([5, 7], [1, 3]))).toEqual({ sharpIs: "high", threshold: 4 });
    expect(chooseRule(labelled([1, 3], [5, 7]))).toEqual({ sharpIs: "low", threshold: 4 });
  });

  test("has the highest F-score where it does not", () => {
    // From 4.5 on: 2 hits, 1 missed, none wrong, F = 0.8; from 2.9 on: 3 hits, 2 wrong, F = 0.75.
    expect(chooseRule(labelled([3, 5, 6], [1, 2.8, 3.5, 4]))).toEqual({ sharpIs: "high", threshold: 4.5 });
  });

  test("takes all for in focus where nothing tells them apart", () => {
    for (const frames of [
      labelled([2, 2, 2], [2]),
      labelled([3, 3, 3, 1], [3]),
      labelled([1, 1, 1, 3], [1]),
    ]) {
      const rule = chooseRule(frames);
      expect(frames.every(({ value }) => isInFocus(rule, value))).toBe(true);
    }
  });

  test("takes the threshold itself for in focus", () => {
    expect(isInFocus({ sharpIs: "high", threshold: 2 }, 2)).toBe(true);
    expect(isInFocus({ sharpIs: "high", threshold: 2 }, 1.9)).toBe(false);
    expect(isInFocus({ sharpIs: "low", threshold: 2 }, 2)).toBe(true);
    expect(isInFocus({ sharpIs: "low", threshold: 2 }, 2.1)).toBe(false);
  });
});
