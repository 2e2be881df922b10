import { describe, expect, it } from "vitest";
import { reimageCsv } from "../../src/runs/reimage-list.js";
import { reimageScores } from "../../src/scores/reimage-scores.js";
import { ScoreVerdicts } from "../../src/scores/score-verdicts.js";

describe("the sites of scored files to image again", () => {
  it("stand once each with their channels and the worst level, without those that are sharp in one slice", () => {
    const verdicts = new ScoreVerdicts();
    const add = (well: string, site: string | number, channel: string, z: number | "", level: number) =>
      verdicts.add({
        ...{ plate: "P1", well, site, channel, time: "", z, expected_level: level },
        ...{ aggregate_certainty: 0.5, condition: level > 1.1 ? "defocused" : "in-focus" },
      });
    add("A01", 1, "DAPI", "", 4);
    add("A01", 1, "GFP", "", 5);
    add("A01", 2, "DAPI", 0, 6);
    add("A01", 2, "DAPI", 1, 0.5);
    add("B07", "B07_img12", "", "", 3);

    expect(reimageCsv(reimageScores(verdicts.all())).trim().split("\n").slice(1)).toEqual([
      "P1,A01,1,A01-Site_1,DAPI GFP,0,,,,5.00,0.50,defocused",
      "P1,B07,,B07_img12,,0,,,,3.00,0.50,defocused",
    ]);
  });
});
