import type { FrameRow, OutcomeRow } from "../../src/records/rows.js";

export function frameRow(fields: Partial<FrameRow> = {}): FrameRow {
  const attempt = fields.attempt ?? 0;
  return {
    ...{
      id: `f${attempt}`,
      site: 0,
      channel: "DAPI",
      timeIndex: 0,
      zIndex: 0,
      attempt,
      mode: "gate",
      isSlice: false,
    },
    ...{
      ms: 1000 + attempt,
      end: "verdict",
      condition: "in-focus",
      level: 0,
      expectedLevel: 0.4,
      certainty: 0.7,
    },
    ...{ decision: "accept", keepAttempt: attempt, zUm: 3 },
    ...fields,
  };
}

export function outcomeRow(fields: Partial<OutcomeRow> = {}): OutcomeRow {
  return {
    ...{ site: 0, channel: "DAPI", timeIndex: 0, recovered: "yes", decision: "accept", attempts: 2 },
    ...{
      levelBefore: 5,
      levelAfter: 0.4,
      zBeforeUm: 3,
      zAfterUm: 10,
      travelUm: 7,
      keepId: "f1",
      keepAttempt: 1,
    },
    ...{ tried: [], why: "sharp", reason: "", ms: 2000 },
    ...fields,
  };
}
