import type { ResultRecord } from "../../src/records/record.js";
import { frame } from "../refocus/helpers.js";

/** The record of a verdict on a blurred frame. */
export function verdict(fields: Partial<ResultRecord & { type: "verdict" }> = {}): ResultRecord {
  return {
    v: 1,
    type: "verdict",
    id: "a",
    session: "s",
    condition: "defocused",
    level: 4,
    expectedLevel: 4.2,
    aggregateCertainty: 0.6,
    meanCertainty: 0.6,
    maxCertainty: 0.9,
    decision: "retry",
    action: { kind: "move-z", byUm: 8.4 },
    acquireAgain: true,
    keepAttempt: 0,
    attemptsLeft: 2,
    reason: "",
    model: { name: "m", sha256: "0" },
    timings: { queueMs: 0, scoreMs: 1, totalMs: 1 },
    recordedMs: 1_760_000_000_000,
    source: "zeromq",
    frame: frame({ zUm: 2, channel: "DAPI" }),
    ...fields,
  };
}
