import { describe, expect, test } from "vitest";
import { RunTable } from "../../src/runs/run-table.js";
import { verdict } from "../store/records.js";

const rules = (maxLevel: number) => ({ maxLevel, minCertainty: 0.3 });

describe("the table of a run", () => {
  test("knows the thresholds of the last verdict of each channel, also after it was sent as a whole", () => {
    const table = new RunTable("run-1");
    table.apply({ ...verdict({ channel: "GFP" }), rules: rules(3) });
    table.apply({ ...verdict({ channel: "DAPI" }), rules: rules(1) });
    table.apply({ ...verdict({ channel: "GFP", site: "A2-Site_0" }), rules: rules(2) });

    for (const each of [table, RunTable.from(JSON.parse(JSON.stringify(table.snapshot())))]) {
      expect(each.rulesOf("DAPI")).toEqual(rules(1));
      expect(each.rulesOf("GFP")).toEqual(rules(2));
      expect(each.rulesOf(undefined)).toEqual(rules(2));
      expect(each.rulesOf("Cy5")).toBeUndefined();
    }
  });

  test("lists channels as they were first seen, and time points in order", () => {
    const table = new RunTable("run-1");
    for (const [channel, timeIndex] of [
      ["GFP", 7],
      ["DAPI", 0],
      ["GFP", 2],
    ] as const) {
      const { frame, ...record } = verdict({ channel });
      table.apply({ ...record, frame: { ...frame!, id: `${channel}/${timeIndex}`, timeIndex } });
    }

    expect(table.channels).toEqual(["GFP", "DAPI"]);
    expect(table.timePoints).toEqual([0, 2, 7]);
    expect(RunTable.from(table.snapshot()).timePoints).toEqual([0, 2, 7]);
  });

  test.each([
    ["", 2_000_000],
    [", though the clock was set back between", 900_000],
  ])("knows a site that is imaged again by its last visit, also after it was sent as a whole%s", (_, ms) => {
    const table = new RunTable("run-1");
    const first = verdict({ decision: "flag" });
    const { frame, session } = first;
    table.apply(first);
    table.apply({
      ...{ v: 1, type: "outcome", session, site: frame!.site, channel: "DAPI", timeIndex: 0, why: "limits" },
      ...{ recovered: "no", decision: "flag", attempts: 1, levelBefore: 5, levelAfter: 5, travelUm: 0 },
      ...{ keepId: first.id, keepAttempt: 0, actions: [], tried: [], reason: "", recordedMs: 1_000_500 },
    });
    table.apply({ ...verdict({ ms, decision: "retry" }), id: "again", frame: { ...frame!, id: "again" } });

    for (const each of [table, RunTable.from(JSON.parse(JSON.stringify(table.snapshot())))]) {
      expect([...each.states.all()]).toMatchObject([{ status: "searching", level: 0.3, outcome: undefined }]);
    }
  });

  test("counts a frame once that was dropped and then judged", () => {
    const record = verdict({ decision: "flag" });
    const { id, session, frame, recordedMs } = record;
    const table = new RunTable("run-1");
    table.apply({ v: 1, type: "drop", id, session, why: "deadline", frame: frame!, recordedMs });
    expect(table.counts).toMatchObject({ frames: 1, unscored: 1, flagged: 0 });
    table.apply(record);

    expect(table.counts).toMatchObject({ frames: 1, unscored: 0, flagged: 1 });
  });
});
