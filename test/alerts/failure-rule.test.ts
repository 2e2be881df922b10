import { describe, expect, test } from "vitest";
import { FailureRule } from "../../src/alerts/failure-rule.js";
import { AlertsConfig } from "../../src/config/alerts.js";
import type { ResultRecord } from "../../src/records/record.js";
import { verdict } from "../store/records.js";

const config = (fields: Record<string, unknown> = {}) =>
  AlertsConfig.parse({ row: { minSites: 4 }, plate: { share: 1 }, hour: { share: 1 }, ...fields });

/** The last word on a site of a row. */
function site(row: number, column: number, isBad: boolean, fields: object = {}): ResultRecord {
  const name = `${"ABCDEFGH"[row]}${column + 1}`;
  const record = verdict({ site: `${name}-Site_0`, decision: isBad ? "flag" : "accept" });
  const frame = { ...record.frame!, site: { ...record.frame!.site, well: name, row, column } };
  return { ...record, frame, ...fields } as ResultRecord;
}

/** What a rule says about records, one after the other. */
function said(
  rule: FailureRule,
  records: readonly ResultRecord[],
  nowMs: (i: number) => number = () => 0,
): string[] {
  return records.flatMap((record, i) =>
    rule.observe(record, nowMs(i)).map(({ alert, state, message }) => `${alert} ${state}: ${message}`),
  );
}

describe("too many failures", () => {
  test("of a row are told once", () => {
    const bad = [0, 1, 2, 3, 4].map((column) => site(1, column, true));

    expect(said(new FailureRule(config()), bad)).toEqual([
      "row-failures raised: Row B of plate P1: 4 of 4 sites are out of focus, not recovered or not scored",
    ]);
  });

  test("are over below seven tenths of the limit, not just below the limit", () => {
    const rule = new FailureRule(config());
    said(
      rule,
      [0, 1, 2, 3].map((column) => site(0, column, true)),
    );
    const good = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, i) => site(0, from + i, false, {}));

    expect(said(rule, good(4, 11))).toEqual([]);
    expect(said(rule, good(11, 12))).toEqual([
      expect.stringContaining("cleared: Row A of plate P1: 4 of 12"),
    ]);
  });

  test("are not told before enough sites have ended, nor of rows that are well", () => {
    expect(
      said(
        new FailureRule(config()),
        [0, 1, 2].map((column) => site(0, column, true)),
      ),
    ).toEqual([]);
    expect(
      said(
        new FailureRule(config()),
        Array.from({ length: 12 }, (_, i) => site(0, i, i % 2 === 0)),
      ),
    ).toEqual([
      // After five sites three are bad.
      expect.stringContaining("3 of 5"),
    ]);
  });

  test("of a plate count its rows together", () => {
    const rule = new FailureRule(config({ row: { share: 1 }, plate: { share: 0.2, minSites: 10 } }));
    const records = Array.from({ length: 20 }, (_, i) => site(i % 8, i, i % 4 === 0));

    expect(said(rule, records)).toEqual([
      expect.stringContaining("plate-failures raised: Plate P1: 3 of 10"),
    ]);
  });

  test("of the last hour forget what is older", () => {
    const rule = new FailureRule(config({ row: { share: 1 }, hour: { share: 0.5, minSites: 4 } }));
    const minute = 60_000;
    const early = [0, 1, 2, 3].map((column) => site(0, column, true));
    const late = [0, 1, 2, 3, 4, 5].map((column) => site(1, column, false));

    expect(said(rule, early, (i) => i * minute)).toEqual([expect.stringContaining("hour-failures raised")]);
    expect(said(rule, late, (i) => (70 + i) * minute)).toEqual([
      expect.stringContaining("The last hour: 0 of 4"),
    ]);
  });

  test("count a site once, by its last end", () => {
    const rule = new FailureRule(config());
    const outcome = (column: number) =>
      ({
        ...{
          v: 1,
          type: "outcome",
          session: "run-1",
          channel: "DAPI",
          timeIndex: 0,
          recovered: "yes",
          decision: "accept",
        },
        site: { ...site(0, column, true).frame!.site },
        recordedMs: 0,
      }) as unknown as ResultRecord;

    // Each is flagged, then recovered after all: never four bad ones at a time.
    const records = [0, 1, 2, 3, 4].flatMap((column) => [site(0, column, true), outcome(column)]);

    expect(said(rule, records)).toEqual([]);
  });

  test.each([
    ["an unscored gated frame", { type: "drop", why: "deadline" }, 1],
    ["a frame with an error", { type: "error", code: "unscorable", message: "" }, 1],
    ["a late verdict", { late: true }, 0],
    ["a search under way", { decision: "retry" }, 0],
  ])("count %s as they should", (_, fields, alerts) => {
    const records = [0, 1, 2, 3].map((column) => site(0, column, true, fields));

    expect(said(new FailureRule(config()), records)).toHaveLength(alerts);
  });

  test("are not told of the slices of stacks, of which most are out of focus", () => {
    const rule = new FailureRule(config());
    const slices = [0, 1, 2, 3, 4].map((column) => {
      const record = site(0, column, true);
      return { ...record, frame: { ...record.frame!, mode: "observe", stack: { size: 3 } } } as ResultRecord;
    });

    expect(said(rule, slices)).toEqual([]);
  });

  /** Four sites of row B that only their controller spoke of. */
  const abandoned = (fields: object) =>
    [0, 1, 2, 3].map((column) => {
      const { session, site: place, channel, timeIndex } = site(1, column, true).frame!;
      const end = { why: "no-frame", reason: "", recordedMs: 0, ...fields };
      return { v: 1, type: "abandon", session, site: place, channel, timeIndex, ...end } as ResultRecord;
    });

  test("count sites that only their controller spoke of", () => {
    expect(said(new FailureRule(config()), abandoned({}))).toEqual([
      expect.stringContaining("row-failures raised: Row B of plate P1: 4 of 4"),
    ]);
  });

  test.each(["skipped", "unscored", "cancelled"])("leave out what a cancelled run left %s", (why) => {
    const rule = new FailureRule(config());

    expect(said(rule, abandoned({ why, cancelled: true }))).toEqual([]);
    expect(said(rule, abandoned({ type: "outcome", recovered: "unknown", why: "cancelled" }))).toEqual([]);
  });

  test("of one run are not those of another", () => {
    const rule = new FailureRule(config());
    const records = [0, 1, 2, 3].map((column) => site(0, column, true, { session: `run-${column}` }));

    expect(said(rule, records)).toEqual([]);
  });
});
