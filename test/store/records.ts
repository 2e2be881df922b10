import fc from "fast-check";
import type { ResultRecord } from "../../src/records/record.js";
import type { StoredRecord } from "../../src/store/record-rows.js";

const model = { name: "default", sha256: "ab".repeat(32) };

/** A gated frame's verdict, as an agent records it. */
export function verdict(
  fields: {
    run?: string;
    site?: string;
    attempt?: number;
    ms?: number;
    channel?: string;
    decision?: "accept" | "retry" | "flag" | "abstain";
  } = {},
): Extract<ResultRecord, { type: "verdict" }> {
  const {
    run = "run-1",
    site = "A1-Site_0",
    attempt = 0,
    ms = 1_000_000,
    channel = "DAPI",
    decision = "accept",
  } = fields;
  const id = `${run}/${site}/${channel}/t0/${attempt}`;
  return {
    ...{
      v: 1,
      type: "verdict",
      id,
      session: run,
      condition: decision === "accept" ? "in-focus" : "defocused",
    },
    ...{
      level: 0,
      expectedLevel: 0.3,
      aggregateCertainty: 0.8,
      meanCertainty: 0.7,
      maxCertainty: 0.9,
      confidence: 0.8,
      decision,
    },
    ...(decision === "retry" && { action: { kind: "move-z", byUm: 7.5 } as const }),
    ...{
      acquireAgain: decision === "retry",
      keepAttempt: attempt,
      attemptsLeft: 3,
      reason: "level 0.3 is within 1",
    },
    model,
    timings: { queueMs: 0.1, scoreMs: 8, totalMs: 8.2 },
    ...{ recordedMs: ms, source: "zeromq" },
    frame: {
      ...{
        v: 1,
        type: "frame",
        id,
        session: run,
        sequence: 0,
        mode: "gate",
        dtype: "uint16",
        shape: [462, 462],
      },
      site: { name: site, plate: "P1", well: site.split("-")[0], index: 0, row: 0, column: 0 },
      ...{ attempt, channel, timeIndex: 0, zIndex: 0, xUm: 10, yUm: 20, zUm: 1.5, zSource: "measured" },
    },
  };
}

export function stored(record: ResultRecord): StoredRecord {
  return { line: JSON.stringify(record), record };
}

const text = fc.oneof(
  fc.constantFrom(
    "A1-Site_0",
    "B12",
    "DAPI",
    "Plate 7",
    "ünïcödé ☃",
    "'; drop table runs; --",
    "nul\0nul",
    "\\",
  ),
  fc.string({ minLength: 1, maxLength: 20 }),
);
const um = fc.oneof(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.constantFrom(1e300, -0.1, 1e-9));
const level = fc.double({ min: 0, max: 10, noNaN: true });
const fraction = fc.double({ min: 0, max: 1, noNaN: true });
const index = fc.oneof(fc.nat(5), fc.constant(Number.MAX_SAFE_INTEGER));
const ms = fc.double({ min: 1e12, max: 2e12, noNaN: true });
const run = fc.constantFrom("run-1", "run-2", "run nul\0 ☃");
const site = fc.record(
  { name: text, plate: text, well: fc.constantFrom("A1", "P24"), index },
  { requiredKeys: ["name"] },
);
const decision = fc.constantFrom("accept", "retry", "flag", "abstain");

const frame = fc.record(
  {
    ...{
      v: fc.constant(1),
      type: fc.constant("frame"),
      id: text,
      session: run,
      sequence: index,
      site,
      attempt: fc.nat(3),
    },
    ...{
      mode: fc.constantFrom("gate", "observe"),
      dtype: fc.constant("uint16"),
      shape: fc.constant([462, 462]),
    },
    ...{ channel: text, timeIndex: index, zIndex: index, xUm: um, yUm: um, zUm: um, plannedZUm: um },
    ...{ zSource: fc.constantFrom("measured", "intended"), stack: fc.constant({ size: 5 }) },
  },
  { requiredKeys: ["v", "type", "id", "session", "sequence", "site", "attempt", "mode", "dtype", "shape"] },
);

const about = { recordedMs: ms, source: fc.constantFrom("zeromq", "folder"), frame };

/** Records of every type, whatever they hold. */
export const anyRecord: fc.Arbitrary<ResultRecord> = fc
  .oneof(
    fc.record(
      {
        ...about,
        ...{
          type: fc.constant("verdict"),
          condition: fc.constantFrom("in-focus", "blank"),
          level: fc.nat(10),
        },
        ...{
          expectedLevel: level,
          aggregateCertainty: fraction,
          meanCertainty: fraction,
          maxCertainty: fraction,
          confidence: fraction,
        },
        ...{
          decision,
          keepAttempt: fc.nat(3),
          attemptsLeft: fc.nat(3),
          reason: text,
          model: fc.constant(model),
        },
        ...{ timings: fc.constant({ queueMs: 0, scoreMs: 1, totalMs: 2 }), late: fc.constant(true) },
        action: fc.oneof(
          fc.record({ kind: fc.constant("move-z"), byUm: um, viaUm: um }, { requiredKeys: ["kind", "byUm"] }),
          fc.constant({ kind: "autofocus" }),
        ),
      },
      {
        requiredKeys: [
          ...["type", "condition", "level", "expectedLevel", "aggregateCertainty", "meanCertainty"],
          ...["maxCertainty", "decision", "keepAttempt", "attemptsLeft", "reason", "model", "timings"],
          ...["recordedMs", "source", "frame"],
        ] as never[],
      },
    ),
    fc.record({ ...about, type: fc.constant("drop"), why: fc.constantFrom("deadline", "superseded") }),
    fc.record({ ...about, type: fc.constant("error"), code: fc.constant("unscorable"), message: text }),
    fc.record({ type: fc.constant("error"), code: fc.constant("bad-json"), message: text, recordedMs: ms }),
    fc.record({
      ...{
        type: fc.constant("outcome"),
        session: run,
        site,
        recovered: fc.constantFrom("yes", "no", "unknown"),
      },
      ...{
        decision,
        attempts: fc.integer({ min: 1, max: 4 }),
        levelBefore: level,
        levelAfter: level,
        travelUm: level,
      },
      ...{
        keepId: text,
        keepAttempt: fc.nat(3),
        actions: fc.constant([]),
        tried: fc.constant([]),
        why: text,
      },
      ...{ reason: text, recordedMs: ms },
    }),
    fc.record({
      ...{
        type: fc.constant("change"),
        session: run,
        by: fc.constant("dashboard"),
        message: text,
        recordedMs: ms,
      },
      change: fc.record({
        what: fc.constant("label"),
        site,
        frameId: text,
        mark: fc.constantFrom("fine", "bad"),
      }),
    }),
    fc.record({
      type: fc.constant("alert"),
      alert: text,
      state: fc.constant("raised"),
      message: text,
      recordedMs: ms,
    }),
  )
  .map((record) => {
    const framed = record as { frame?: { id: string; session: string } };
    const own = framed.frame === undefined ? {} : { id: framed.frame.id, session: framed.frame.session };
    return { v: 1, ...record, ...own } as unknown as ResultRecord;
  });
