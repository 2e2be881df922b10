import { describe, expect, test } from "vitest";
import { FocusRecords } from "../../src/agent/focus-records.js";
import type { ResultRecord } from "../../src/records/record.js";
import { RefocusPolicy } from "../../src/refocus/policy.js";
import { frame, report, settings } from "../refocus/helpers.js";

const refusal = { why: "limits", reason: "too far" } as const;

function focused(channel?: string) {
  const policy = new RefocusPolicy({ ...settings, maxLevel: 1 });
  const records: ResultRecord[] = [];
  const notes = new FocusRecords(policy, { name: "m", sha256: "0" }, (record) => records.push(record));
  const judge = (level: number, attempt: number) => {
    const { channel: _, ...header } = frame({ attempt, zUm: 0 });
    const named = { ...header, ...(channel !== undefined && { channel }) };
    const found = report(level);
    notes.judged(named, found, policy.judge(named, found), 7);
  };
  return { notes, records, judge };
}

describe("what parfocal focus leaves on record", () => {
  test.each(["DAPI", undefined])(
    "of a search in channel %s that is cut short is its site, why, and its end",
    (channel) => {
      const { notes, records, judge } = focused(channel);
      judge(4, 0);
      notes.refused(refusal);

      expect(records.map(({ type }) => type)).toEqual(["verdict", "abandon", "outcome"]);
      const [verdict, abandon, outcome] = records;
      expect(verdict).toMatchObject({ timings: { queueMs: 0, scoreMs: 7, totalMs: 7 }, source: "focus" });
      const { site, session } = frame();
      expect(abandon).toEqual({
        ...{ v: 1, type: "abandon", session, site, ...refusal, ...(channel !== undefined && { channel }) },
        ...{ recordedMs: expect.any(Number), source: "focus", controller: "parfocal focus" },
      });
      expect(outcome).toMatchObject({ session, site, recovered: "no", why: "limits" });
    },
  );

  test("of a site that had ended is no second end", () => {
    const { notes, records, judge } = focused("DAPI");
    judge(0.1, 0);
    notes.refused(refusal);

    expect(records.map(({ type }) => type)).toEqual(["verdict", "outcome", "abandon"]);
  });

  test("is nothing before the first frame", () => {
    const { notes, records } = focused();
    notes.refused(refusal);

    expect(records).toEqual([]);
  });
});
