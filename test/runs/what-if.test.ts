import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CONDITIONS } from "../../src/focus/report.js";
import { SiteStates } from "../../src/records/site-state.js";
import { assess } from "../../src/refocus/thresholds.js";
import { findingOf, whatIf } from "../../src/runs/what-if.js";
import { frameRow } from "../records/rows.js";
import { report, settings } from "../refocus/helpers.js";

const KINDS = { sharp: "sharp", blurred: "blurred" } as Record<string, string>;

describe("what thresholds find", () => {
  test("is what the agent finds by them", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...CONDITIONS),
        fc.double({ min: 0, max: 10, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0, max: 10, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (condition, expectedLevel, certainty, maxLevel, minCertainty) => {
          const reported = report(expectedLevel, { condition, aggregateCertainty: certainty });
          const { kind } = assess(reported, expectedLevel, { ...settings, ...{ maxLevel, minCertainty } });

          const finding = findingOf({ condition, expectedLevel, certainty }, { maxLevel, minCertainty });

          expect(finding).toBe(KINDS[kind] ?? "not judged");
        },
      ),
    );
  });

  test("is counted for first and kept frames, and told where it changes", () => {
    const frames = [
      frameRow({ id: "a0", decision: "retry", expectedLevel: 3, condition: "defocused" }),
      frameRow({ id: "a1", attempt: 1, expectedLevel: 0.8 }),
      frameRow({ id: "b0", site: 1, expectedLevel: 0.4 }),
      frameRow({
        id: "c0",
        site: 2,
        end: "drop",
        expectedLevel: undefined,
        certainty: undefined,
        condition: undefined,
      }),
    ];
    const states = [...SiteStates.of({ frames, outcomes: [], ends: [], labels: [] }).all()];

    const { first, kept, changed } = whatIf(
      states,
      { maxLevel: 1, minCertainty: 0.25 },
      { maxLevel: 0.5, minCertainty: 0.25 },
    );

    expect(first).toEqual({ sharp: 1, blurred: 1, "not judged": 1 });
    expect(kept).toEqual({ sharp: 1, blurred: 1, "not judged": 1 });
    expect(changed.map(({ site }) => site)).toEqual([0]);
  });
});
