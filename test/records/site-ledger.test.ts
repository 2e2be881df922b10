import { describe, expect, test } from "vitest";
import type { AbandonMessage, FrameMessage, OutcomeMessage } from "../../src/protocol/messages.js";
import type { ResultRecord } from "../../src/records/record.js";
import { forgetfulShelves, SiteLedger } from "../../src/records/site-ledger.js";
import { verdict } from "../store/records.js";

type Verdict = ReturnType<typeof verdict>;

let clock = 1_000_000;

/** A verdict with fields of its frame and of itself. */
function judged(frame: Partial<FrameMessage>, fields: Partial<Verdict> = {}): Verdict {
  const { decision, ...rest } = fields;
  const record = verdict({ ms: clock++, ...(decision !== undefined && { decision }) });
  const header = { ...record.frame!, ...frame };
  const { session, site, channel, timeIndex, attempt } = header;
  const id = frame.id ?? [session, JSON.stringify(site), channel, timeIndex, attempt, clock].join("/");
  return { ...record, keepAttempt: attempt, id, ...rest, frame: { ...header, id } };
}

function dropped(record: Verdict): ResultRecord {
  const { id, session, frame, recordedMs } = record;
  return { v: 1, type: "drop", id, session, why: "deadline", frame: frame!, recordedMs };
}

function abandoned(why: AbandonMessage["why"], fields: Partial<AbandonMessage> = {}): ResultRecord {
  const { site, channel, timeIndex } = verdict().frame!;
  const place = { session: "run-1", site, channel, timeIndex };
  return { v: 1, type: "abandon", ...place, why, reason: "so it is", ...fields, recordedMs: clock++ };
}

function outcome(kept: Verdict, fields: Partial<OutcomeMessage> = {}): ResultRecord {
  const { session, site, channel, timeIndex, attempt } = kept.frame!;
  return {
    ...{ v: 1, type: "outcome", session, site, channel, timeIndex, recovered: "yes", decision: "accept" },
    ...{ attempts: 2, levelBefore: 5, levelAfter: 0.3, travelUm: 7, keepId: kept.id, keepAttempt: attempt },
    ...{ actions: [], tried: [], why: "sharp", reason: "in focus", ...fields, recordedMs: clock++ },
  };
}

function ledgerOf(...records: readonly ResultRecord[]) {
  const ledger = new SiteLedger();
  for (const record of records) ledger.apply(record);
  return [...ledger.all()].map(({ site, state }) => ({ name: site.name, ...state }));
}

const retry = { decision: "retry", expectedLevel: 5, level: 5 } as const;

describe("the account of a run", () => {
  test("has each channel and time point of a site", () => {
    const records = [0, 1, 2].flatMap((timeIndex) =>
      ["DAPI", "GFP"].map((channel) => judged({ channel, timeIndex })),
    );

    expect(ledgerOf(...records).map(({ channel, timeIndex }) => `${channel} ${timeIndex}`)).toEqual([
      ...["DAPI 0", "GFP 0", "DAPI 1", "GFP 1", "DAPI 2", "GFP 2"],
    ]);
  });

  test("counts a frame that was dropped, and judged too late, once: as unscored", () => {
    const late = judged({}, { late: true });

    expect(ledgerOf(dropped(late), late)).toMatchObject([
      { status: "unscored", recovered: "unknown", level: 0.3, frames: [{ end: "drop", late: true }] },
    ]);
    expect(ledgerOf(late)).toMatchObject([{ status: "unscored" }]);
  });

  test.each([
    ["unscored", "unscored"],
    ["no-frame", "no-frame"],
    ["skipped", "skipped"],
    ["cancelled", "refused"],
  ] as const)("has a site of which only the controller spoke: %s", (why, status) => {
    expect(ledgerOf(abandoned(why))).toMatchObject([
      { status, recovered: "unknown", why, kept: undefined, level: undefined, frames: [] },
    ]);
  });

  test.each([
    ["unscored", "unscored", "unknown"],
    ["no-frame", "no-frame", "unknown"],
    ["limits", "refused", "unknown"],
  ] as const)(
    "ends a search of an agent that was killed as the controller says: %s",
    (why, status, recovered) => {
      const first = judged({}, retry);

      expect(ledgerOf(first)).toMatchObject([{ status: "searching", recovered: undefined }]);
      expect(ledgerOf(first, abandoned(why))).toMatchObject([
        { status, recovered, levelBefore: 5, level: 5, tried: [{ attempt: 0, level: 5 }] },
      ]);
    },
  );

  test("keeps a verdict, whatever the controller says afterwards", () => {
    expect(ledgerOf(judged({}), abandoned("unscored"))).toMatchObject([
      { status: "sharp", recovered: "not-needed" },
    ]);
  });

  test("does not take a verdict for what was done that reached the controller too late, as it says", () => {
    const sharp = judged({});
    const end = outcome(sharp, { recovered: "not-needed", attempts: 1, levelBefore: 0.3, travelUm: 0 });
    const late = abandoned("unscored", { frameId: sharp.id });

    expect(ledgerOf(sharp, end, late)).toMatchObject([
      { status: "unscored", recovered: "unknown", why: "unscored", reason: "so it is", level: 0.3 },
    ]);
    expect(ledgerOf(sharp, end, late, sharp, end)).toMatchObject([{ status: "unscored" }]);
  });

  test("keeps the frame to which a controller went home that got the verdict on its retry too late", () => {
    const first = judged({ zUm: 1 }, retry);
    const second = judged({ attempt: 1, zUm: 8 });
    const end = outcome(second, { zBeforeUm: 1, zAfterUm: 8 });

    expect(ledgerOf(first, second, end, abandoned("unscored", { frameId: second.id }))).toMatchObject([
      { status: "unscored", recovered: "unknown", kept: { id: first.id }, zUm: 1, level: 5, levelBefore: 5 },
    ]);
  });

  test("of a site that was imaged again is not changed by late word of its first time", () => {
    const [before, again] = [judged({}), judged({})];

    expect(ledgerOf(before, again, abandoned("unscored", { frameId: before.id }))).toMatchObject([
      { status: "sharp", recovered: "not-needed", end: undefined },
    ]);
  });

  test("says of a search that ended with its first frame that it was not needed, as the outcome does", () => {
    const [first, second] = [judged({ zUm: 1 }, retry), judged({ attempt: 1, zUm: 8 }, { keepAttempt: 0 })];
    const end = outcome(first, { recovered: "not-needed", keepAttempt: 0, levelBefore: 5, levelAfter: 5 });

    for (const records of [
      [first, second, end],
      [first, second],
    ]) {
      expect(ledgerOf(...records)).toMatchObject([
        { status: "sharp", recovered: "not-needed", kept: { id: first.id }, levelBefore: 5, level: 5 },
      ]);
    }
  });

  test("knows the whole of a search that one agent began and another ended", () => {
    const [first, second] = [judged({ zUm: 1 }, retry), judged({ attempt: 1, zUm: 8 })];
    const tried = [{ attempt: 1, zUm: 8, level: 0.3 }];
    // What the second agent knows of it.
    const end = outcome(second, { recovered: "not-needed", levelBefore: 0.3, attempts: 1, tried });

    expect(ledgerOf(first, second, end)).toMatchObject([
      {
        status: "sharp",
        recovered: "yes",
        levelBefore: 5,
        level: 0.3,
        tried: [{ attempt: 0, zUm: 1, level: 5 }, ...tried],
      },
    ]);
  });

  test("is of the last time that a site was imaged, and late words on an earlier time change nothing", () => {
    const [before, again] = [judged({}, { decision: "flag" }), judged({})];

    const found = ledgerOf(before, again, { ...before, late: true });

    expect(found).toMatchObject([{ status: "sharp", frames: [{ id: again.id }] }]);
  });

  test("of a site that was focused and then watched stays that of its focusing", () => {
    const [first, second] = [judged({}, retry), judged({ attempt: 1 })];
    const image = judged({ mode: "observe" }, { decision: "flag", expectedLevel: 1.4, level: 1 });

    expect(ledgerOf(first, second, outcome(second), image)).toMatchObject([
      {
        status: "sharp",
        recovered: "yes",
        levelBefore: 5,
        level: 0.3,
        watched: { id: image.id },
        frames: [{}, {}],
      },
    ]);
  });

  test("of a stack that is only watched is that of its sharpest slice", () => {
    const slices = [3, 0.4, 4].map((expectedLevel, zIndex) =>
      judged(
        { mode: "observe", stack: { size: 3 }, zIndex },
        { expectedLevel, decision: expectedLevel < 1 ? "accept" : "flag" },
      ),
    );

    expect(ledgerOf(...slices)).toMatchObject([
      { status: "sharp", recovered: undefined, level: 0.4, frames: [{ zIndex: 1 }] },
    ]);
  });

  test("of a stack that is judged as a whole lies at its sharpest slice", () => {
    const stack = {
      ...{ judged: 3, sharpestZIndex: 1, sharpestZUm: 10, sharpestLevel: 0.4 },
      edge: "none" as const,
    };
    const last = judged({ mode: "observe", stack: { size: 3, last: true }, zIndex: 2, zUm: 12 }, { stack });

    expect(ledgerOf(last)).toMatchObject([{ status: "sharp", level: 0.4, zUm: 10 }]);
  });
});

describe("sites of one name", () => {
  const cell = { name: "cell" };
  const at = (xUm: number, yUm: number, fields: Partial<FrameMessage> = {}) =>
    judged({ site: cell, xUm, yUm, ...fields });

  test("are two if their positions have two numbers", () => {
    const numbered = [0, 1].map((position) => judged({ site: { ...cell, position }, xUm: 0, yUm: 0 }));

    expect(ledgerOf(...numbered)).toHaveLength(2);
  });

  test("are two if they lie apart, and one if they do not", () => {
    expect(ledgerOf(at(0, 0), at(500, 0))).toMatchObject([{ name: "cell" }, { name: "cell" }]);
    expect(ledgerOf(at(0, 0), at(500, 0), at(0.4, -0.3), at(500.2, 0))).toHaveLength(2);
    expect(ledgerOf(at(0, 0), at(2, 0))).toHaveLength(1);
  });

  test("are two also when one is imaged at all times before the other", () => {
    const times = [0, 1, 2].map((timeIndex) => ({ timeIndex }));
    const records = [...times.map((time) => at(0, 0, time)), ...times.map((time) => at(500, 0, time))];

    expect(ledgerOf(...records).map(({ site, timeIndex }) => `${site} ${timeIndex}`)).toEqual([
      ...["0 0", "0 1", "0 2", "1 0", "1 1", "1 2"],
    ]);
  });

  test("are one that is followed as it moves from one time point to the next", () => {
    const moved = [0, 40, 80].map((xUm, timeIndex) => at(xUm, 0, { timeIndex }));

    expect(new Set(ledgerOf(...moved).map(({ site }) => site))).toEqual(new Set([0]));
  });

  test("each get what their outcome and their controller say", () => {
    const [one, other] = [judged({ site: cell, xUm: 0, yUm: 0 }, retry), at(500, 0)];
    const lost = abandoned("no-frame", { site: cell, xUm: 1000, yUm: 0 });

    expect(ledgerOf(one, other, outcome(one, { recovered: "no" }), outcome(other), lost)).toMatchObject([
      { outcome: { recovered: "no" } },
      { outcome: { recovered: "yes" } },
      { status: "no-frame" },
    ]);
  });
});

describe("a ledger that forgets", () => {
  const ledger = () => new SiteLedger({ maxRuns: 2, shelvesOf: forgetfulShelves(3) });

  test("knows the sites that it heard of last, and no more", () => {
    const sites = ledger();
    for (let i = 0; i < 10; i++) sites.apply(judged({ site: { name: `S${i}` } }));

    expect([...sites.all()].map(({ site }) => site.name)).toEqual(["S7", "S8", "S9"]);
    expect(sites.apply(judged({ site: { name: "S0" } }))?.site).toMatchObject({ name: "S0" });
  });

  test("knows the last frames of all runs together by their ids", () => {
    const sites = new SiteLedger({ maxFrames: 2 });
    const [first, second, third] = ["one", "two", "one"].map((session) => judged({ session }));
    const isKnown = (record: Verdict) => sites.apply(record)?.rows.frameBefore !== undefined;

    expect([first, second, third].map((record) => isKnown(record!))).toEqual([false, false, false]);
    expect([third, second, first].map((record) => isKnown(record!))).toEqual([true, true, false]);
  });

  test("knows the sites of a run that it has let go of, and goes on with it", () => {
    const sites = ledger();
    const first = judged({}, retry);
    sites.apply(first);
    for (const session of ["two", "three"]) sites.apply({ ...judged({ session }), session });

    expect(sites.apply(judged({ attempt: 1 }))?.state).toMatchObject({ frames: [{ id: first.id }, {}] });
  });
});
