/**
 * A run as a table, small enough to send as a whole: what the dashboard shows and the re-image list is made from.
 * @module
 */
import type { Condition } from "../focus/report.js";
import type { Decision, Mark, Recovered, RuleValues } from "../protocol/messages.js";

/** One stage position. Rows refer to it by its number in the run's list of sites. */
export interface SiteRow {
  readonly name: string;
  readonly plate?: string | undefined;
  /** Well name without padding; `row` and `column` place it, from 0. */
  readonly well?: string | undefined;
  readonly row?: number | undefined;
  readonly column?: number | undefined;
  /** Number of the site within its well. */
  readonly index?: number | undefined;
  /** Of the stage, um. */
  xUm?: number | undefined;
  yUm?: number | undefined;
}

/** One frame and how it ended. */
export interface FrameRow {
  readonly id: string;
  /** Number of its site. */
  readonly site: number;
  /** Empty where the controller names none. */
  readonly channel: string;
  readonly timeIndex: number;
  readonly zIndex: number;
  readonly attempt: number;
  readonly mode: "gate" | "observe";
  /** One slice of a z-stack that is judged by its last slice. */
  readonly isSlice: boolean;
  /** Position of the focus drive, and where the plan had it, um. */
  readonly zUm?: number | undefined;
  readonly plannedZUm?: number | undefined;
  /** Wall clock when it was recorded, ms since 1970 UTC. */
  readonly ms: number;
  end: "verdict" | "drop" | "error";
  /** Reason of a drop, code of an error. */
  why?: string | undefined;
  condition?: Condition | undefined;
  /** Most likely level, 0 to 10, and the mean of the distribution; of a z-stack, those of its sharpest slice. */
  level?: number | undefined;
  expectedLevel?: number | undefined;
  /** Aggregate certainty, 0 to 1. */
  certainty?: number | undefined;
  decision?: Decision | undefined;
  /** The attempt to keep, as far as this verdict knew. */
  keepAttempt?: number | undefined;
  /** Signed move that the verdict asked for, um. */
  moveUm?: number | undefined;
  /** Scored after its deadline: the controller went on without the verdict. */
  late?: true | undefined;
}

/** What became of a gated site, channel and time point. */
export interface OutcomeRow {
  readonly site: number;
  readonly channel: string;
  readonly timeIndex: number;
  readonly recovered: Recovered;
  readonly decision: Decision;
  readonly attempts: number;
  readonly levelBefore: number;
  readonly levelAfter: number;
  readonly zBeforeUm?: number | undefined;
  readonly zAfterUm?: number | undefined;
  readonly travelUm: number;
  readonly keepId: string;
  readonly keepAttempt: number;
  readonly why: string;
  readonly ms: number;
}

/** The last judgement by eye of a site, channel and time point. */
export interface LabelRow {
  readonly site: number;
  readonly channel: string;
  readonly timeIndex: number;
  readonly frameId: string;
  readonly mark: Mark;
  readonly ms: number;
}

/** A line for the list of events. */
export interface EventRow {
  readonly ms: number;
  readonly kind: "refocus" | "outcome" | "flag" | "abstain" | "drop" | "error" | "change" | "alert";
  readonly severity: "info" | "warning" | "error";
  readonly text: string;
  readonly site?: number | undefined;
  readonly channel?: string | undefined;
  readonly timeIndex?: number | undefined;
  readonly frameId?: string | undefined;
}

/** A run in short, for a list of runs. */
export interface RunEntry {
  /** The session. */
  readonly id: string;
  readonly plates: readonly string[];
  readonly channels: readonly string[];
  /** Wall clock of the first and the last record, ms since 1970 UTC. */
  readonly startedMs: number;
  readonly lastMs: number;
  readonly sites: number;
  readonly frames: number;
  /** Frames by decision, "unscored" for those without a verdict in time. */
  readonly decisions: Readonly<Partial<Record<string, number>>>;
}

/** A run as a whole. */
export interface RunSnapshot {
  readonly run: RunEntry;
  readonly sites: readonly SiteRow[];
  readonly frames: readonly FrameRow[];
  readonly outcomes: readonly OutcomeRow[];
  readonly labels: readonly LabelRow[];
  readonly events: readonly EventRow[];
  /** By channel: the thresholds of the last verdict. */
  readonly rules: Readonly<Record<string, RuleValues>>;
}
