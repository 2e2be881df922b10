/**
 * A run as a whole, small enough to send: what the dashboard shows and the re-image list is made from.
 * @module
 */
import type { RuleValues } from "../protocol/messages.js";
import type { EndRow, FrameRow, LabelRow, OutcomeRow, SiteRow } from "../records/rows.js";
import type { SiteStatus } from "../records/site-status.js";

/** A line for the list of events. */
export interface EventRow {
  readonly ms: number;
  readonly kind:
    | "refocus"
    | "outcome"
    | "flag"
    | "abstain"
    | "abandon"
    | "drop"
    | "error"
    | "change"
    | "alert";
  readonly severity: "info" | "warning" | "error";
  readonly text: string;
  readonly site?: number | undefined;
  readonly channel?: string | undefined;
  readonly timeIndex?: number | undefined;
  readonly frameId?: string | undefined;
}

/** How many sites, each channel and time point, stand how; those that are none are left out. */
export type StatusCounts = Readonly<Partial<Record<SiteStatus, number>>>;

/** A run in short, for a list of runs. */
export interface RunEntry {
  /** The session. */
  readonly id: string;
  /** Who ran it, as it called itself; undefined where the records do not tell. */
  readonly controller?: string | undefined;
  readonly plates: readonly string[];
  readonly channels: readonly string[];
  /** Wall clock of the first record, and the latest of any, ms since 1970 UTC. */
  readonly startedMs: number;
  readonly lastMs: number;
  readonly sites: number;
  readonly frames: number;
  /** Sites, each channel and time point, by what became of them. */
  readonly states: StatusCounts;
}

/** A run as a whole. */
export interface RunSnapshot {
  readonly run: RunEntry;
  readonly sites: readonly SiteRow[];
  readonly frames: readonly FrameRow[];
  readonly outcomes: readonly OutcomeRow[];
  readonly ends: readonly EndRow[];
  readonly labels: readonly LabelRow[];
  readonly events: readonly EventRow[];
  /** By channel: the thresholds of the last verdict. */
  readonly rules: Readonly<Record<string, RuleValues>>;
}
