import type { Action, Decision, FrameMessage, OutcomeMessage, Recovered } from "../protocol/messages.js";
import { type Sample, travelOf } from "./search.js";

/** A sample with the frame that it came from. */
export interface SiteSample extends Sample {
  readonly id: string;
  readonly attempt: number;
}

/** What is known about one site and channel from its first frame to its last verdict. */
export interface SiteSearch {
  readonly first: FrameMessage;
  readonly samples: SiteSample[];
  readonly actions: Action[];
  /** Where the next frame should be taken, um. */
  askedZUm: number;
}

/** What ends up in the verdict. */
export interface Judgement {
  readonly decision: Decision;
  readonly action?: Action;
  readonly keepAttempt: number;
  readonly attemptsLeft: number;
  readonly reason: string;
  /** Sites that ended with this frame: this one, or one that was left unfinished. */
  readonly outcomes: readonly OutcomeMessage[];
}

/** How a site ended. */
export interface SiteEnd {
  readonly decision: Decision;
  readonly recovered: Recovered;
  /** Index of the sample to keep. */
  readonly keep: number;
  readonly reason: string;
}

export function startSearch(first: FrameMessage): SiteSearch {
  return { first, samples: [], actions: [], askedZUm: first.zUm ?? 0 };
}

/** A signed move, um, cut to whole nanometres towards zero so that rounding never leaves the limits. */
export function moveBy(distanceUm: number): Action | undefined {
  const byUm = Math.trunc(distanceUm * 1000) / 1000;
  return byUm === 0 ? undefined : { kind: "move-z", byUm };
}

export function outcomeOf(search: SiteSearch, end: SiteEnd): OutcomeMessage {
  const { first, samples, actions } = search;
  const kept = samples[end.keep]!;
  const path = end.keep === samples.length - 1 ? samples : [...samples, kept];
  return {
    v: 1,
    type: "outcome",
    session: first.session,
    site: first.site,
    ...(first.channel !== undefined && { channel: first.channel }),
    ...(first.timeIndex !== undefined && { timeIndex: first.timeIndex }),
    recovered: end.recovered,
    decision: end.decision,
    attempts: samples.length,
    levelBefore: samples[0]!.level,
    levelAfter: kept.level,
    ...(first.zUm !== undefined && { zBeforeUm: first.zUm, zAfterUm: kept.zUm }),
    travelUm: Math.round(travelOf(path) * 1000) / 1000,
    keepId: kept.id,
    keepAttempt: kept.attempt,
    actions,
    reason: end.reason,
  };
}
