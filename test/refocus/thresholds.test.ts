import { describe, expect, test } from "vitest";
import { assess } from "../../src/refocus/thresholds.js";
import { report } from "./helpers.js";

describe("the reason of a decision", () => {
  test.each([
    [0.604, 0.6, "level 0.604 is above 0.6"],
    [1.250004, 1.25, "level 1.250004 is above 1.25"],
    [4.2, 1, "level 4.20 is above 1"],
    [0.6, 0.6, "level 0.60 is within 0.6"],
  ])("shows the digits that decide: level %f, limit %f", (level, maxLevel, reason) => {
    expect(assess(report(level), level, { maxLevel, minCertainty: 0.25 }).reason).toBe(reason);
  });

  test("shows those of a certainty, too", () => {
    const uncertain = report(0.3, { aggregateCertainty: 0.2496 });

    expect(assess(uncertain, 0.3, { maxLevel: 1, minCertainty: 0.25 }).reason).toBe(
      "certainty 0.2496 is below 0.25",
    );
  });
});
