import { createHash } from "node:crypto";
import type { Insertable } from "kysely";
import { wellNameOf } from "../frames/wells.js";
import type { FrameMessage } from "../protocol/messages.js";
import type { ResultRecord } from "../records/record.js";
import type { SiteState } from "../records/site-state.js";
import { isSlice } from "../records/slices.js";
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

/**
 * The rows of the other tables, except `runs`, which counts, and `site_states`.
 * @param site_key of the site that the record is about, if it is about one.
 */
export function detailRows({ line, record }: StoredRecord, site_key = ""): Rows {
  const { session, frame, recordedMs } = record;
  if (session === undefined) return {};
  const run_id = storable(session);
  const key = { record_key: recordKey(line), run_id };
  const recorded_ms = whole(recordedMs);
  if (record.type === "outcome") {
    const place = { site_key, ...channelAndTime(record) };
    return {
      sites: siteRow(run_id, site_key, record.site, record),
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
    const place = { site_key, ...channelAndTime(record.change) };
    return {
      sites: siteRow(run_id, site_key, site),
      labels: { ...key, ...place, frame_id, mark, image, recorded_ms },
    };
  }
  if (record.type === "abandon") {
    const { why, reason } = record;
    return {
      sites: siteRow(run_id, site_key, record.site, record),
      abandons: { ...key, site_key, ...channelAndTime(record), why, reason, recorded_ms },
    };
  }
  return frame === undefined ? {} : frameRows({ line, record }, frame, run_id, site_key);
}

/** The row of `site_states`. */
export function stateRow(
  run_id: string,
  site_key: string,
  { channel, timeIndex, status, recovered, levelBefore, level, zUm, frames, why }: SiteState,
): Insertable<StoreTables["site_states"]> {
  return {
    ...{ run_id, site_key: storable(site_key), channel: storable(channel), time_index: timeIndex, status },
    ...{ recovered: recovered ?? null, level_before: levelBefore ?? null, level: level ?? null },
    ...{ z_um: zUm ?? null, attempts: frames.length, why: why === undefined ? null : storable(why) },
  };
}

function frameRows(
  { line, record }: StoredRecord,
  frame: FrameMessage,
  run_id: string,
  site_key: string,
): Rows {
  const record_key = recordKey(line);
  const place = { run_id, site_key, ...channelAndTime(frame), attempt: frame.attempt, frame_id: frame.id };
  const isPart = isSlice(frame);
  const verdict = record.type === "verdict" ? record : undefined;
  const action = verdict?.action;
  return {
    sites: siteRow(run_id, site_key, frame.site, frame),
    frames: {
      ...{ record_key, ...place, recorded_ms: whole(record.recordedMs) },
      ...{ z_index: frame.zIndex ?? 0, mode: frame.mode, is_slice: isPart ? 1 : 0 },
      frame_end: verdict?.late ? "late" : record.type,
      why: record.type === "drop" ? record.why : record.type === "error" ? record.code : null,
      ...{ condition: verdict?.condition ?? null, level: verdict?.level ?? null },
      expected_level: verdict?.expectedLevel ?? null,
      aggregate_certainty: verdict?.aggregateCertainty ?? null,
      ...{ mean_certainty: verdict?.meanCertainty ?? null, max_certainty: verdict?.maxCertainty ?? null },
      confidence: verdict?.confidence ?? null,
      unfamiliar: verdict === undefined ? null : Number(verdict.unfamiliar ?? false),
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

function siteRow(
  run_id: string,
  site_key: string,
  site: FrameMessage["site"],
  { xUm = null, yUm = null }: { xUm?: number | null | undefined; yUm?: number | null | undefined } = {},
): Insertable<StoreTables["sites"]> {
  const { name, plate = null, row = null, column = null, index = null, position = null } = site;
  const well = wellNameOf(site) ?? null;
  const place = { row_index: row, column_index: column, site_index: index, position };
  return { run_id, site_key, name, plate, well, ...place, x_um: xUm, y_um: yUm };
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
