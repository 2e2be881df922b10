import type {
  Action,
  Decision,
  FrameMessage,
  NextZ,
  OutcomeMessage,
  Recovered,
  SiteEndReason,
  StackVerdict,
} from "../protocol/messages.js";
import type { FocusEvidence, Sample } from "./focus-evidence.js";
import { travelOf } from "./search.js";

/** A sample with the frame that it came from. For a z-stack, its sharpest slice. */
export interface SiteSample extends Sample {
  readonly id: string;
  readonly attempt: number;
  /** Nothing was to be seen. */
  readonly isBlank?: boolean;
  /** Nothing was to be seen, or nothing that the model knows: see `FocusReport.mayBeBlurred`. */
  readonly looksEmpty?: boolean;
}

/** What is assumed of a frame that shows nothing where there should be something: it was taken far out of focus. */
export const LOST: Pick<SiteSample, "level" | "levelSd"> = { level: 10, levelSd: 2 };

/** The frame that is kept if a site ends now, and whether it would be accepted. */
export interface BestSample {
  /** Index into the samples. */
  readonly index: number;
  readonly isSharp: boolean;
}

/** What is known about one site and channel from its first frame to its last verdict. */
export interface SiteSearch {
  readonly first: FrameMessage;
  readonly samples: SiteSample[];
  readonly actions: Action[];
  best: BestSample;
  /** Where the next frame should be taken, um. */
  askedZUm: number;
}

/** What ends up in the verdict. */
export interface Judgement {
  readonly decision: Decision;
  readonly action?: Action;
  readonly keepAttempt: number;
  readonly attemptsLeft: number;
  readonly stack?: StackVerdict;
  readonly next?: NextZ;
  readonly reason: string;
  /** Sites that ended with this frame: this one, or one that was left unfinished. */
  readonly outcomes: readonly OutcomeMessage[];
}

/** How a site ended: with the best of its samples. */
export interface SiteEnd {
  readonly decision: Decision;
  readonly recovered: Recovered;
  readonly why: SiteEndReason;
  readonly reason: string;
}

/** What to do after a frame: end the site, or act and take another. */
export interface SiteStep {
  readonly end?: SiteEnd;
  readonly action?: Action;
  readonly reason: string;
  /** What all samples say, where they were weighed together. */
  readonly evidence?: FocusEvidence;
}

export function startSearch(first: FrameMessage): SiteSearch {
  return { first, samples: [], actions: [], best: { index: 0, isSharp: false }, askedZUm: first.zUm ?? 0 };
}

/**
 * A signed move, um, cut to whole nanometres towards zero so that rounding never leaves the limits.
 * @param backlashUm if not 0, the drive is to arrive moving this way, from so far at least: other moves go back to there first.
 * @param from where the drive is, and its limits, um.
 */
export function moveBy(
  distanceUm: number,
  backlashUm = 0,
  from?: { readonly zUm: number; readonly zLimitsUm?: readonly [number, number] | undefined },
): Action | undefined {
  const byUm = Math.trunc(distanceUm * 1000) / 1000;
  if (byUm === 0) return undefined;
  // A shorter move that way does not take the backlash out: the drive may have come from the other side.
  if (byUm * Math.sign(backlashUm) >= Math.abs(backlashUm)) return { kind: "move-z", byUm };
  const [low, high] = from?.zLimitsUm ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  const zUm = from?.zUm ?? 0;
  const stopUm = Math.min(Math.max(zUm + byUm - backlashUm, low), high) - zUm;
  const viaUm = Math.trunc(stopUm * 1000) / 1000;
  return viaUm === byUm ? { kind: "move-z", byUm } : { kind: "move-z", byUm, viaUm };
}

/** The event that closes a site. */
export function outcomeOf(search: SiteSearch, end: SiteEnd): OutcomeMessage {
  const { first, samples, actions, best } = search;
  const kept = samples[best.index]!;
  const path = best.index === samples.length - 1 ? samples : [...samples, kept];
  const detoursUm = actions.reduce((sum, action) => sum + detourOf(action), 0);
  return {
    v: 1,
    type: "outcome",
    session: first.session,
    site: first.site,
    ...(first.channel !== undefined && { channel: first.channel }),
    ...(first.timeIndex !== undefined && { timeIndex: first.timeIndex }),
    ...(first.xUm !== undefined && { xUm: first.xUm }),
    ...(first.yUm !== undefined && { yUm: first.yUm }),
    recovered: end.recovered,
    decision: end.decision,
    attempts: samples.length,
    levelBefore: samples[0]!.level,
    levelAfter: kept.level,
    ...(first.zUm !== undefined && { zBeforeUm: samples[0]!.zUm, zAfterUm: kept.zUm }),
    travelUm: Math.round((travelOf(path) + detoursUm) * 1000) / 1000,
    keepId: kept.id,
    keepAttempt: kept.attempt,
    actions,
    tried: samples.map(({ attempt, zUm, level }) => ({
      attempt,
      ...(first.zUm !== undefined && { zUm }),
      level: Math.round(level * 1e4) / 1e4,
    })),
    why: end.why,
    reason: end.reason,
  };
}

/** What the stop on the way adds to the path, um. */
function detourOf(action: Action): number {
  if (action.kind !== "move-z" || action.viaUm === undefined) return 0;
  return Math.abs(action.viaUm) + Math.abs(action.byUm - action.viaUm) - Math.abs(action.byUm);
}

/** A distance in words, with its sign. */
export function signed(um: number): string {
  return `${um > 0 ? "+" : ""}${um}`;
}
