import type { OutcomeMessage, VerdictMessage } from "../protocol/messages.js";
import type { ResultRecord } from "../records/record.js";
import type { EventRow } from "./run-snapshot.js";

/** The line that a record has in the list of events, or undefined: what went well needs none. */
export function eventOf(record: ResultRecord, site: number | undefined): EventRow | undefined {
  const line = lineOf(record);
  if (line === undefined) return undefined;
  const place = placeOf(record);
  return {
    ms: record.recordedMs,
    ...line,
    site,
    channel: place?.channel,
    timeIndex: place?.timeIndex,
    frameId: frameIdOf(record),
  };
}

function placeOf(record: ResultRecord): Pick<EventRow, "channel" | "timeIndex"> | undefined {
  if (record.type === "outcome" || record.type === "abandon") return record;
  if (record.type === "change") return record.change.what === "label" ? record.change : undefined;
  return record.frame;
}

type Line = Pick<EventRow, "kind" | "severity" | "text">;

function lineOf(record: ResultRecord): Line | undefined {
  switch (record.type) {
    case "verdict":
      return verdictLine(record);
    case "outcome":
      return outcomeLine(record);
    case "abandon":
      return { kind: "abandon", severity: "warning", text: `${record.why}: ${record.reason}` };
    case "drop": {
      // Observed frames may be skipped; nobody waited for them.
      const severity = record.frame?.mode === "gate" ? "warning" : "info";
      return { kind: "drop", severity, text: `not scored: ${record.why}` };
    }
    case "error":
      return { kind: "error", severity: "error", text: `${record.code}: ${record.message}` };
    case "change":
      return { kind: "change", severity: "info", text: record.message };
    case "alert": {
      const severity = record.state === "raised" ? "error" : "info";
      return { kind: "alert", severity, text: record.message };
    }
  }
}

function verdictLine({ decision, reason }: VerdictMessage): Line | undefined {
  if (decision === "retry") return { kind: "refocus", severity: "info", text: reason };
  if (decision === "flag") return { kind: "flag", severity: "warning", text: reason };
  if (decision === "abstain") return { kind: "abstain", severity: "info", text: reason };
  return undefined;
}

function outcomeLine(outcome: OutcomeMessage): Line | undefined {
  const { recovered, levelBefore, levelAfter, attempts, reason } = outcome;
  if (recovered === "not-needed" || (recovered === "unknown" && attempts === 1)) return undefined;
  const levels = `level ${levelBefore.toFixed(1)} → ${levelAfter.toFixed(1)} in ${attempts} frames`;
  if (recovered === "yes") return { kind: "outcome", severity: "info", text: `recovered: ${levels}` };
  return { kind: "outcome", severity: "warning", text: `not recovered: ${levels}; ${reason}` };
}

function frameIdOf(record: ResultRecord): string | undefined {
  if (record.type === "outcome") return record.keepId;
  if (record.type === "change") return record.change.what === "label" ? record.change.frameId : undefined;
  return record.type === "alert" || record.type === "abandon" ? undefined : record.id;
}
