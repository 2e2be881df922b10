import { describe, expect, test } from "vitest";
import type { ResultRecord } from "../../src/records/record.js";
import { RunSummariser } from "../../src/runs/run-summary.js";
import { verdict } from "../store/records.js";

const judged = verdict();
const { id, session, frame } = judged;
const dropped = (recordedMs: number): ResultRecord => {
  const drop = { v: 1, type: "drop", id, session, why: "overload" } as const;
  return { ...drop, recordedMs, source: "zeromq", frame } as ResultRecord;
};

function countsOf(...records: readonly ResultRecord[]): [scored: number, unscored: number] {
  const run = new RunSummariser();
  for (const record of records) run.apply(record);
  const { scored, unscored } = run.summary();
  return [scored, unscored];
}

describe("a frame that its controller sent again counts once", () => {
  test("as scored, once it has a verdict", () => {
    expect(countsOf(dropped(1))).toEqual([0, 1]);
    expect(countsOf(dropped(1), judged)).toEqual([1, 0]);
    expect(countsOf(dropped(1), dropped(2), judged)).toEqual([1, 0]);
  });

  test("where an agent that was started anew judged it again, or could not", () => {
    expect(countsOf(judged, { ...judged, recordedMs: judged.recordedMs + 1 })).toEqual([1, 0]);
    expect(countsOf(judged, dropped(judged.recordedMs + 1))).toEqual([1, 0]);
  });
});
