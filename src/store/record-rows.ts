import { createHash } from "node:crypto";
import type { Insertable } from "kysely";
import type { FrameMessage } from "../protocol/messages.js";
import { siteKey } from "../runs/run-table.js";
import { isSlice } from "../runs/slices.js";
import type { ResultRecord } from "../sinks/sink.js";
import type { StoreTables } from "./schema.js";

/** What is written: the line as in results.jsonl, and what it says. */
export interface StoredRecord {
  readonly line: string;
  readonly record: ResultRecord;
}

type Rows = { readonly [Table in keyof StoreTables]?: Insertable<StoreTables[Table]> };

/** Name of a record: the same line has the same one. */
export function recordKey(line: string): string {
  return createHash("sha256").update(line).digest("hex");
}

/** A text as PostgreSQL takes it, which has no character 0; in the JSON of the record it is escaped. */
export function storable(text: string): string {
  return text.replaceAll("\0", "\uFFFD");
}

/** The row of `records`. */
export function recordRow({ line, record }: StoredRecord): Insertable<StoreTables["records"]> {
  const { session, type, recordedMs } = record;
  const run_id = session === undefined ? null : storable(session);
  return { key: recordKey(line), run_id, type, recorded_ms: whole(recordedMs), record: line };
}

/** The rows of the other tables, except `runs`, which counts. */
export function detailRows({ line, record }: StoredRecord): Rows {
  const { session, frame, recordedMs } = record;
  if (session === undefined) return {};
  const run_id = storable(session);
  const key = { record_key: recordKey(line), run_id };
  const recorded_ms = whole(recordedMs);
  if (record.type === "outcome") {
    const place = { site_key: siteKey(record.site), ...channelAndTime(record) };
    return {
      sites: siteRow(run_id, record.site),
      outcomes: {
        ...{ ...key, ...place, recorded_ms },
        ...{ recovered: record.recovered, decision: record.decision, attempts: record.attempts },
        ...{ level_before: record.levelBefore, level_after: record.levelAfter, travel_um: record.travelUm },
        ...{ z_before_um: record.zBeforeUm ?? null, z_after_um: record.zAfterUm ?? null, why: record.why },
        ...{ keep_frame_id: record.keepId, keep_attempt: record.keepAttempt },
      },
    };
  }
  if (record.type === "change" && record.change.what === "label") {
    const { site, frameId: frame_id, mark, image = null } = record.change;
    const place = { site_key: siteKey(site), ...channelAndTime(record.change) };
    return {
      sites: siteRow(run_id, site),
      labels: { ...key, ...place, frame_id, mark, image, recorded_ms },
    };
  }
  return frame === undefined ? {} : frameRows({ line, record }, frame, run_id);
}

function frameRows({ line, record }: StoredRecord, frame: FrameMessage, run_id: string): Rows {
  const record_key = recordKey(line);
  const site_key = siteKey(frame.site);
  const place = { run_id, site_key, ...channelAndTime(frame), attempt: frame.attempt, frame_id: frame.id };
  const isPart = isSlice(frame);
  const verdict = record.type === "verdict" ? record : undefined;
  const action = verdict?.action;
  return {
    sites: { ...siteRow(run_id, frame.site), x_um: frame.xUm ?? null, y_um: frame.yUm ?? null },
    frames: {
      ...{ record_key, ...place, recorded_ms: whole(record.recordedMs) },
      ...{ z_index: frame.zIndex ?? 0, mode: frame.mode, is_slice: isPart ? 1 : 0 },
      frame_end: verdict?.late ? "late" : record.type,
      why: record.type === "drop" ? record.why : record.type === "error" ? record.code : null,
      ...{ condition: verdict?.condition ?? null, level: verdict?.level ?? null },
      expected_level: verdict?.expectedLevel ?? null,
      aggregate_certainty: verdict?.aggregateCertainty ?? null,
      ...{ mean_certainty: verdict?.meanCertainty ?? null, max_certainty: verdict?.maxCertainty ?? null },
      decision: verdict?.decision ?? null,
      ...{ z_um: frame.zUm ?? null, planned_z_um: frame.plannedZUm ?? null, z_source: frame.zSource ?? null },
      ...{ pixel_um: frame.pixelUm ?? null, exposure_ms: frame.exposureMs ?? null },
      model_sha256: verdict?.model.sha256 ?? null,
      ...{ queue_ms: verdict?.timings.queueMs ?? null, score_ms: verdict?.timings.scoreMs ?? null },
      total_ms: verdict?.timings.totalMs ?? null,
    },
    ...(!isPart && { attempts: { ...place, z_um: frame.zUm ?? null } }),
    ...(verdict !== undefined && { models: { ...verdict.model } }),
    ...(action !== undefined && {
      actions: {
        ...{ record_key, run_id, frame_id: frame.id, kind: action.kind },
        by_um: action.kind === "move-z" ? action.byUm : null,
        via_um: action.kind === "move-z" ? (action.viaUm ?? null) : null,
      },
    }),
  };
}

function siteRow(run_id: string, site: FrameMessage["site"]): Insertable<StoreTables["sites"]> {
  const { name, plate = null, well = null, row = null, column = null, index = null } = site;
  const place = { row_index: row, column_index: column, site_index: index };
  return { run_id, site_key: siteKey(site), name, plate, well, ...place, x_um: null, y_um: null };
}

function channelAndTime({
  channel,
  timeIndex,
}: {
  channel?: string | undefined;
  timeIndex?: number | undefined;
}): { channel: string; time_index: number } {
  return { channel: channel ?? "", time_index: timeIndex ?? 0 };
}

/** Columns of times hold whole ms. */
function whole(ms: number): number {
  return Math.round(ms);
}
