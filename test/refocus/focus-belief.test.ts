import { describe, expect, test } from "vitest";
import { ContentMemory } from "../../src/refocus/content-memory.js";
import { FocusBelief } from "../../src/refocus/focus-belief.js";
import { RefocusPolicy } from "../../src/refocus/policy.js";
import { frame, report, settings } from "./helpers.js";

/** How probable it is that the first frame of a run is in focus. */
function inFocusAt(level: number): number {
  const prior = { umPerLevel: 2, positive: 0.5, ...new ContentMemory(0.3).priorFor(undefined, undefined) };
  return new FocusBelief([{ zUm: 0, level, levelSd: 0.05 }], prior).inFocusAt(0);
}

describe("the first frame of a run", () => {
  test("is the likelier in focus the lower its level, down to the sharpest there is", () => {
    const levels = [0, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2.5];
    const probabilities = levels.map(inFocusAt);

    expect(probabilities).toEqual(probabilities.toSorted((a, b) => b - a));
    expect(probabilities[0]).toBeGreaterThan(0.8);
    expect(probabilities.at(-1)).toBeLessThan(0.15);
  });

  test.each([0, 0.05, 0.15, 0.3])("costs no exposure where it reads %d", (level) => {
    const policy = new RefocusPolicy(settings);

    expect(policy.judge(frame(), report(level, { levelSd: 0.05 }))).toMatchObject({ decision: "accept" });
  });
});
