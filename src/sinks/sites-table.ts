import { stringify } from "csv-stringify/sync";
import type { FrameMessage, OutcomeMessage, VerdictMessage } from "../protocol/messages.js";
import { isSlice } from "../runs/slices.js";
import type { ResultRecord } from "./sink.js";

/** One site and channel. Names are those of the columns of sites.csv. */
interface SiteRow {
  session: string;
  plate: string | undefined;
  well: string | undefined;
  site: string;
  channel: string | undefined;
  time_index: number | undefined;
  first_level: number | undefined;
  last_level: number | undefined;
  first_expected_level: number | undefined;
  last_expected_level: number | undefined;
  /** Of the frame to keep. */
  kept_expected_level: number | undefined;
  kept_attempt: number | undefined;
  aggregate_certainty: number | undefined;
  condition: string | undefined;
  decision: string | undefined;
  recovered: string | undefined;
  /** Frames since attempt 0, the unscored ones included. */
  attempts: number;
  /** Of those, frames without a verdict in time. */
  unscored: number;
  /** Where the plan had the first frame. */
  planned_z_um: number | undefined;
  first_z_um: number | undefined;
  /** Where the last action asked the focus drive to go. */
  asked_z_um: number | undefined;
  /** Where the controller says the last frame was taken. */
  reported_z_um: number | undefined;
  /** `measured` or `intended`. */
  z_source: string | undefined;
  /** Where the frame to keep was taken. */
  kept_z_um: number | undefined;
  /** Levels by which refocusing sharpened the site. */
  gained_levels: number | undefined;
  /** Path of the focus drive. */
  travel_um: number | undefined;
  /** What was tried: "attempt@z=level" for each frame. */
  tried: string | undefined;
  /** Why the site ended. */
  why: string | undefined;
  reason: string | undefined;
  /** ISO 8601, UTC. */
  updated: string;
}

const COLUMNS = [
  "plate",
  "well",
  "site",
  "channel",
  "time_index",
  "first_level",
  "last_level",
  "first_expected_level",
  "last_expected_level",
  "kept_expected_level",
  "kept_attempt",
  "aggregate_certainty",
  "condition",
  "decision",
  "recovered",
  "attempts",
  "unscored",
  "planned_z_um",
  "first_z_um",
  "asked_z_um",
  "reported_z_um",
  "z_source",
  "kept_z_um",
  "gained_levels",
  "travel_um",
  "tried",
  "why",
  "reason",
  "session",
  "updated",
] as const satisfies readonly (keyof SiteRow)[];

/** What is known of every site and channel, from the records in their order. */
export class SitesTable {
  readonly #rows = new Map<string, SiteRow>();
  /** Expected levels by attempt of the sites whose frame to keep is not yet settled. */
  readonly #levels = new Map<string, number[]>();

  /** Takes one record; returns whether it changed the table. */
  apply(record: ResultRecord): boolean {
    if (record.type === "outcome") {
      const row = this.#rows.get(keyOf(record));
      if (row === undefined) return false;
      row.recovered = record.recovered;
      row.kept_expected_level = record.levelAfter;
      row.kept_attempt = record.keepAttempt;
      row.kept_z_um = record.zAfterUm;
      row.gained_levels = round(record.levelBefore - record.levelAfter);
      row.travel_um = record.travelUm;
      row.tried = record.tried.map(triedAs).join(" ");
      row.why = record.why;
      row.reason = record.reason;
      this.#levels.delete(keyOf(record));
      return true;
    }
    const { frame } = record;
    if (frame === undefined || isSlice(frame)) return false;
    const row = this.#rowFor(frame);
    row.attempts++;
    row.reported_z_um = frame.zUm;
    row.z_source = frame.zSource;
    row.time_index = frame.timeIndex;
    row.updated = new Date(record.recordedMs).toISOString();
    if (record.type === "verdict") this.#verdict(row, frame, record);
    if (record.type !== "verdict" || record.late) row.unscored++;
    return true;
  }

  /** The table as CSV, sites in the order they were first seen. */
  toCsv(): string {
    return stringify([...this.#rows.values()], {
      escape_formulas: true,
      header: true,
      columns: [...COLUMNS],
    });
  }

  #rowFor(frame: FrameMessage): SiteRow {
    const key = keyOf(frame);
    const known = this.#rows.get(key);
    if (known !== undefined && frame.attempt > 0) return known;
    const row = emptyRow(frame);
    this.#rows.set(key, row);
    this.#levels.delete(key);
    return row;
  }

  #verdict(row: SiteRow, frame: FrameMessage, verdict: VerdictMessage): void {
    const levels = this.#levels.get(keyOf(frame)) ?? [];
    // For a z-stack, its sharpest slice.
    const expectedLevel = verdict.stack?.sharpestLevel ?? verdict.expectedLevel;
    const level = verdict.stack === undefined ? verdict.level : Math.round(expectedLevel);
    levels[frame.attempt] = expectedLevel;
    row.first_level ??= level;
    row.first_expected_level ??= expectedLevel;
    row.last_level = level;
    row.last_expected_level = expectedLevel;
    row.kept_attempt = verdict.keepAttempt;
    row.kept_expected_level = levels[verdict.keepAttempt];
    row.reason = verdict.reason;
    row.aggregate_certainty = verdict.aggregateCertainty;
    row.condition = verdict.condition;
    row.decision = verdict.decision;
    const { action } = verdict;
    if (action?.kind === "move-z") row.asked_z_um = round((frame.zUm ?? 0) + action.byUm);
    if (verdict.acquireAgain) this.#levels.set(keyOf(frame), levels);
    else this.#levels.delete(keyOf(frame));
  }
}

function triedAs({ attempt, zUm, level }: OutcomeMessage["tried"][number]): string {
  return `${attempt}${zUm === undefined ? "" : `@${round(zUm)}`}=${level.toFixed(2)}`;
}

function emptyRow({ session, site, channel, timeIndex, zUm, plannedZUm, zSource }: FrameMessage): SiteRow {
  return {
    session,
    plate: site.plate,
    well: site.well,
    site: site.name,
    channel,
    time_index: timeIndex,
    first_level: undefined,
    last_level: undefined,
    first_expected_level: undefined,
    last_expected_level: undefined,
    kept_expected_level: undefined,
    kept_attempt: undefined,
    aggregate_certainty: undefined,
    condition: undefined,
    decision: undefined,
    recovered: undefined,
    attempts: 0,
    unscored: 0,
    planned_z_um: plannedZUm ?? zUm,
    first_z_um: zUm,
    asked_z_um: undefined,
    reported_z_um: zUm,
    z_source: zSource,
    kept_z_um: undefined,
    gained_levels: undefined,
    travel_um: undefined,
    tried: undefined,
    why: undefined,
    reason: undefined,
    updated: "",
  };
}

function keyOf({ session, site, channel }: Pick<FrameMessage, "session" | "site" | "channel">): string {
  return JSON.stringify([session, site.plate, site.well, site.name, channel]);
}

function round(um: number): number {
  return Math.round(um * 1000) / 1000;
}
