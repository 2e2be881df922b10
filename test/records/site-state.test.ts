import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { SiteStates } from "../../src/records/site-state.js";
import { RunTable } from "../../src/runs/run-table.js";
import { anyRecord } from "../store/records.js";
import { frameRow, outcomeRow } from "./rows.js";

const retry = frameRow({ decision: "retry", expectedLevel: 5, condition: "defocused" });

describe("the state of a site", () => {
  test.each([
    ["sharp", [frameRow()], undefined],
    ["searching", [retry], undefined],
    ["sharp", [retry, frameRow({ attempt: 1 })], outcomeRow()],
    ["flagged", [frameRow({ decision: "flag" })], undefined],
    ["blank", [frameRow({ decision: "abstain", condition: "blank" })], undefined],
    ["unjudged", [frameRow({ decision: "abstain", condition: "mixed" })], undefined],
    ["unscored", [frameRow({ end: "drop", why: "deadline", decision: undefined })], undefined],
    ["unscored", [frameRow({ end: "drop", why: "deadline", late: true })], undefined],
    ["error", [frameRow({ end: "error", why: "unscorable", decision: undefined })], undefined],
    ["flagged", [retry], outcomeRow({ recovered: "no" })],
    ["unjudged", [retry], outcomeRow({ recovered: "unknown" })],
    // A reason that a later version may have.
    ["unjudged", [retry], outcomeRow({ recovered: "unknown", why: "toString" })],
  ] as const)("is %s (case %#)", (status, frames, outcome) => {
    const states = SiteStates.of({
      frames,
      outcomes: outcome === undefined ? [] : [outcome],
      ends: [],
      labels: [],
    });

    expect(states.get(0, "DAPI", 0)?.status).toBe(status);
  });

  test("is that of the frame to keep", () => {
    const worse = frameRow({ attempt: 1, expectedLevel: 8, decision: "flag", keepAttempt: 0, zUm: 9 });

    const state = SiteStates.of({ frames: [retry, worse], outcomes: [], ends: [], labels: [] }).get(
      0,
      "DAPI",
      0,
    );

    expect(state).toMatchObject({ status: "flagged", level: 5, zUm: 3, kept: { attempt: 0 } });
  });

  test.each(["unscored", "no-frame", "skipped"] as const)(
    "of a stack that was never judged is no slice's: %s",
    (why) => {
      const slice = frameRow({ mode: "observe", isSlice: true });
      const end = { site: 0, channel: "DAPI", timeIndex: 0, why, reason: "the run was cancelled", ms: 2000 };
      const watched = SiteStates.of({ frames: [slice], outcomes: [], ends: [], labels: [] });
      const ended = SiteStates.of({ frames: [slice], outcomes: [], ends: [end], labels: [] });

      expect(watched.get(0, "DAPI", 0)).toMatchObject({ status: "sharp", recovered: undefined, kept: slice });
      expect(ended.get(0, "DAPI", 0)).toMatchObject({ status: why, recovered: "unknown", kept: undefined });
    },
  );

  test("begins anew when the site is imaged again", () => {
    const again = frameRow({ id: "again", ms: 9000 });
    const states = SiteStates.of({
      frames: [retry, frameRow({ attempt: 1 }), again],
      outcomes: [],
      ends: [],
      labels: [],
    });

    expect(states.get(0, "DAPI", 0)?.frames).toEqual([again]);
  });

  test("at the last time point, or at a chosen one, is that of each channel", () => {
    const frames = [0, 1, 2].flatMap((timeIndex) =>
      ["DAPI", "GFP"].map((channel) => frameRow({ id: `${channel}${timeIndex}`, channel, timeIndex })),
    );

    const states = SiteStates.of({ frames, outcomes: [], ends: [], labels: [] });
    const names = (timeIndex?: number) =>
      states.ofSite(0, timeIndex).map(({ channel, timeIndex }) => `${channel}${timeIndex}`);

    expect(names()).toEqual(["DAPI2", "GFP2"]);
    expect(names(1)).toEqual(["DAPI1", "GFP1"]);
    expect(names(3)).toEqual([]);
  });

  test("brought up to date row by row is that of the whole run", () => {
    fc.assert(
      fc.property(fc.array(anyRecord, { maxLength: 40 }), (records) => {
        const table = new RunTable("run");
        for (const record of records) table.apply(record);

        const whole = RunTable.from(JSON.parse(JSON.stringify(table.snapshot()))).states;
        const plain = (states: SiteStates) => JSON.parse(JSON.stringify([...states.all()])) as unknown[];
        const byPlace = (states: SiteStates) => new Set(plain(states).map((state) => JSON.stringify(state)));
        expect(byPlace(table.states)).toEqual(byPlace(whole));
        expect([...whole.statuses()]).toEqual([...whole.all()].map(({ status }) => status));
      }),
    );
  });
});
