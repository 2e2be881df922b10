import type { FrameMessage } from "../protocol/messages.js";
import type { FocusPrior } from "./focus-prior.js";
import { moveBy, type SiteSearch } from "./site-search.js";
import {
  type Assessment,
  type ChannelRules,
  limitsOf,
  maxTravelFor,
  type PolicySettings,
} from "./thresholds.js";

/** What the decision on one frame of a site rests on. */
export interface StepContext {
  readonly frame: FrameMessage;
  readonly search: SiteSearch;
  readonly assessment: Assessment;
  readonly rules: ChannelRules;
  readonly settings: PolicySettings;
  readonly attemptsLeft: number;
  readonly prior: () => FocusPrior;
  /** Whether the run has shown what content like this reads near focus. */
  readonly knowsContent: () => boolean;
  /** Where to look for a site that shows nothing, um. */
  readonly guessUm: () => number | undefined;
  /** Whether it is worth a look above and below: see `RefocusMemory.mayLookAround`. */
  readonly mayLookAround: () => boolean;
  /** Searches of this channel in a row in which moving changed nothing. */
  readonly unresponsive: number;
}

const ANYWHERE = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const;

/** Where the drive may go, um. */
export function rangeOf({ settings, frame }: StepContext): readonly [number, number] {
  return limitsOf(settings, frame) ?? ANYWHERE;
}

/** Of the focus drive, um: each move so far, the next one and the way back may go by way of the stop against backlash. */
export function longestPath({ frame, search, rules, settings }: StepContext): number {
  const moves = search.samples.length + 1;
  return maxTravelFor(settings, rules, frame) - 2 * Math.abs(settings.backlashUm) * moves;
}

/** The move from where the last frame was taken to a z; undefined where it is none. */
export function moveFrom({ search: { samples }, settings, frame }: StepContext, toUm: number) {
  const { zUm } = samples.at(-1)!;
  return moveBy(toUm - zUm, settings.backlashUm, { zUm, zLimitsUm: limitsOf(settings, frame) });
}
