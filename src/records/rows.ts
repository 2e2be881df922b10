/**
 * What records say, row by row: the sites of a run, its frames and how they ended, what became of its sites.
 * @module
 */
import type {
  AbandonMessage,
  Decision,
  FrameMessage,
  Mark,
  OutcomeMessage,
  Recovered,
  VerdictMessage,
} from "../protocol/messages.js";

/** One stage position. Rows refer to it by its number in the run's list of sites. */
export interface SiteRow {
  readonly name: string;
  readonly plate?: string | undefined;
  /** Well name in the one spelling ("A01"); `row` and `column` place it, from 0. */
  readonly well?: string | undefined;
  readonly row?: number | undefined;
  readonly column?: number | undefined;
  /** Number of the site within its well. */
  readonly index?: number | undefined;
  /** Number of the position in the controller's plan. */
  readonly position?: number | undefined;
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
  /** Position of the focus drive, whether it was read from it or is what it was told, and where the plan had it, um. */
  readonly zUm?: number | undefined;
  readonly zSource?: FrameMessage["zSource"];
  readonly plannedZUm?: number | undefined;
  /** Wall clock when it was recorded, ms since 1970 UTC. */
  readonly ms: number;
  end: "verdict" | "drop" | "error";
  /** Reason of a drop, code of an error. */
  why?: string | undefined;
  condition?: VerdictMessage["condition"] | undefined;
  /** Level as a whole and as a real number, 0 to 10; of a z-stack, those of its sharpest slice. */
  level?: number | undefined;
  expectedLevel?: number | undefined;
  /** Of a z-stack: which slice that is, and where it was taken, um. */
  sharpestZIndex?: number | undefined;
  sharpestZUm?: number | undefined;
  /** Aggregate certainty, 0 to 1. */
  certainty?: number | undefined;
  /** Probability that the level is right within one, 0 to 1; of a z-stack, of its last slice. */
  confidence?: number | undefined;
  /** It shows something unlike all that the model was trained on. */
  unfamiliar?: true | undefined;
  decision?: Decision | undefined;
  /** The attempt to keep, as far as this verdict knew. */
  keepAttempt?: number | undefined;
  /** Signed move that the verdict asked for, um. */
  moveUm?: number | undefined;
  /** Why it was decided so. */
  reason?: string | undefined;
  /** Scored after its deadline: the controller went on without the verdict. */
  late?: true | undefined;
  /** Scored in time, but the verdict did not reach the controller in time: it says that it went on without it. */
  unheard?: true | undefined;
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
  readonly tried: OutcomeMessage["tried"];
  readonly why: string;
  readonly reason: string;
  readonly ms: number;
}

/** How the controller says that a site, channel and time point ended: the agent had not seen it, or could not know. */
export interface EndRow {
  readonly site: number;
  readonly channel: string;
  readonly timeIndex: number;
  /** As in `abandon`. */
  readonly why: AbandonMessage["why"];
  readonly reason: string;
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
