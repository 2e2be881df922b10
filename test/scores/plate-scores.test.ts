import { describe, expect, it } from "vitest";
import { PlateSummary, wellsToLookAt } from "../../src/scores/plate-scores.js";

/** A row of a table for each plane of a stack, by its level. */
function stack(well: string, levels: readonly number[]) {
  return levels.map((level, z) => ({
    ...{ plate: "P", channel: "w1", well, z: String(z), expected_level: level },
    condition: level > 1 ? "defocused" : "in-focus",
  }));
}

describe("the summary of a table of scores", () => {
  it("looks at wells whose stacks are sharp in no plane, whatever their other planes show", () => {
    const summary = new PlateSummary();
    const sharp = [...stack("A01", [5, 2, 0.3, 2.5]), ...stack("A01", [5, 2, 0.4, 2.5])];
    for (const row of [...sharp, ...stack("A02", [6, 4, 3, 4])]) summary.add(row);
    const plates = summary.plates();
    expect(wellsToLookAt(plates)).toMatchObject([{ well: "A02", notInFocus: 1, judged: 1, level: 3 }]);
    expect(plates[0]!.wells[0]).toMatchObject({ well: "A01", frames: 8, notInFocus: 0, judged: 2 });
  });

  it("counts all frames of a well without stacks", () => {
    const summary = new PlateSummary();
    for (const row of [...stack("A01", [4, 0.3]), ...stack("A02", [0.2, 0.3])])
      summary.add({ ...row, z: "" });
    expect(wellsToLookAt(summary.plates())).toMatchObject([{ well: "A01", notInFocus: 1, judged: 2 }]);
  });
});
