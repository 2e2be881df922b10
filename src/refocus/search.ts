/**
 * The search for the plane of focus, as a pure function of what was seen so far: it takes the exposure that is most likely
 * to show a sharper frame than the best one so far, while that is worth the light, within the limits.
 * @module
 */
import { beliefAfter, type FocusBelief } from "./focus-belief.js";
import type { FocusEvidence, Sample } from "./focus-evidence.js";
import type { FocusPrior } from "./focus-prior.js";
import { isUnsure } from "./level-response.js";

export interface SearchSettings {
  /** What is believed of this site before its first frame. */
  readonly prior: FocusPrior;
  /** Where the focus drive may go, um. */
  readonly zLimitsUm?: readonly [number, number] | undefined;
  /** Longest path of the focus drive, um, the way back to the best z included. */
  readonly maxTravelUm: number;
  /** Frames that may still be taken. */
  readonly stepsLeft: number;
  /** The first frame is good enough if it is in focus with this probability, 0 to 1; see `DOUBT_AFTER_A_MOVE`. */
  readonly confidence: number;
}

export type StopReason = "sharp" | "budget" | "limits" | "no-better";

export interface SearchStep {
  /** Index of the sample to keep if no more frames are taken. */
  readonly keep: number;
  /** Probability that this sample is in focus, 0 to 1. */
  readonly inFocus: number;
  /** What the samples say. */
  readonly evidence: FocusEvidence;
  /** Where to take the next frame, um, or why to take none. */
  readonly next: { readonly toUm: number } | { readonly why: StopReason };
}

/**
 * A frame counts as sharper than another only if its level is lower by this much: twice the scatter of the level from
 * frame to frame (standard deviation 0.05 or less in 95 % of the demo's frames), so that a site does not end blurrier
 * than it began.
 */
export const MIN_GAIN_LEVELS = 0.1;
/** From this level on hardly anything is left of the structure: what is read falls again farther out, and tells frames apart no more. */
const LOST_LEVEL = 8.5;
/** From this probability on, the frame that is kept counts as in focus: it is then more likely so than not. */
export const ACCEPTED_FROM = 0.5;
/**
 * The share of a first frame's doubt that may be left of one that a move led to. The site was blurred, so that another exposure
 * harms nothing; and what such a search finds is the measure of the sites after it: one that ends out of focus makes that look sharp.
 */
const DOUBT_AFTER_A_MOVE = 0.4;
/** An exposure is worth its light if it is so probable that it shows in focus what the best frame so far does not. */
const MIN_GAIN = 0.04;
/** Focus that is out of reach is approached if that gains so many levels on average. */
const WORTH_A_MOVE = 0.1;
/** Probabilities that differ by less leave the choice to the levels. */
const ALIKE = 0.05;
/** Near focus, levels of one field may differ by so much and say nothing. */
const FLAT_LEVELS = 0.25;
/** Something comes into focus where contrast rises by this factor: light and grain change it by less. */
export const APPEARED = 1.15;
/** Nearest that a frame is taken to another one, levels: nearer, it would show the same. */
const MIN_STEP_LEVELS = 0.5;

/**
 * Where to look next, or which frame to keep.
 * @param samples what was seen, in the order it was taken, at least one.
 */
export function nextStep(samples: readonly Sample[], settings: SearchSettings): SearchStep {
  const belief = beliefAfter(samples, settings.prior);
  const probabilities = samples.map(({ zUm }) => belief.inFocusAt(zUm));
  const likeliest = likeliestOf(samples, probabilities);
  // Which of several blurred frames is the least blurred, the levels tell best.
  const keep = probabilities[likeliest]! >= ACCEPTED_FROM ? likeliest : indexToKeep(samples);
  const found = { keep, inFocus: probabilities[keep]!, evidence: belief.evidence };
  if (found.inFocus >= confidenceIn(keep, settings)) return { ...found, next: { why: "sharp" } };
  const better = belief.betterThan(samples[keep]!.zUm);
  const sameUm = MIN_STEP_LEVELS * belief.umPerLevel;
  const isNew = (zUm: number) => samples.every((sample) => Math.abs(sample.zUm - zUm) > sameUm);
  const wanted = bestOf(belief.zUm, better, isNew);
  if (wanted === undefined || wanted.gain < MIN_GAIN) return { ...found, next: { why: "no-better" } };
  if (settings.stepsLeft <= 0) return { ...found, next: { why: "budget" } };
  const range = reachable(samples, samples[keep]!, settings);
  const allowed =
    range && bestOf(belief.zUm, better, (zUm) => zUm >= range[0] && zUm <= range[1] && isNew(zUm));
  if (range === undefined) return { ...found, next: { why: "limits" } };
  if (allowed === undefined || allowed.gain < MIN_GAIN) {
    // Focus is out of reach. A frame on the way to it is still better than none.
    const approach = approachTo(belief, samples[keep]!.zUm, range, isNew);
    return { ...found, next: approach === undefined ? { why: "limits" } : { toUm: approach } };
  }
  const centreUm = belief.focusNear(allowed.zUm, belief.toleranceUm).zUm;
  const isAllowed = range[0] <= centreUm && centreUm <= range[1] && isNew(centreUm);
  return { ...found, next: { toUm: isAllowed ? centreUm : allowed.zUm } };
}

function confidenceIn(keep: number, { confidence }: SearchSettings): number {
  return keep === 0 ? confidence : 1 - DOUBT_AFTER_A_MOVE * (1 - confidence);
}

/** The sample to end at by levels alone: the sharpest, or the first if none is clearly sharper than that. */
export function indexToKeep(samples: readonly Sample[]): number {
  const levels = comparableLevels(samples);
  const best = levels.indexOf(Math.min(...levels));
  return levels[0]! - levels[best]! >= MIN_GAIN_LEVELS ? best : 0;
}

/** The levels by which samples are compared. One that a frame is not sure of may be any: it was lost, unless contrast rose with it. */
function comparableLevels(samples: readonly Sample[]): number[] {
  return samples.map((sample) => {
    const isLost = isUnsure(sample.certainty) && !samples.some((other) => showsMore(sample, other));
    return isLost ? LOST_LEVEL : Math.min(sample.level, LOST_LEVEL);
  });
}

/** Contrast of one frame over that of another of its site; 0 where it is not known. */
export function contrastOver(one: Sample, other: Sample): number {
  return one.contrast === undefined || !other.contrast ? 0 : one.contrast / other.contrast;
}

/** Whether something of one frame is lost in another, which reads more and has less contrast. */
function showsMore(one: Sample, other: Sample): boolean {
  return one.level < other.level && contrastOver(one, other) >= APPEARED;
}

/**
 * The sample that is most probably in focus, of those that are no blurrier than the first; of several that hardly differ in
 * that, the sharpest.
 */
function likeliestOf(samples: readonly Sample[], probabilities: readonly number[]): number {
  const levels = comparableLevels(samples);
  /** By contrast where levels are alike: near focus they are flat, and scatter. */
  const isSharper = (a: number, b: number) => {
    const gain = levels[b]! - levels[a]!;
    const [one, other] = [samples[a]!.contrast, samples[b]!.contrast];
    return Math.abs(gain) > FLAT_LEVELS || one === undefined || other === undefined ? gain > 0 : one > other;
  };
  const candidates = [...samples.keys()].filter((index) => !isSharper(0, index));
  const highest = Math.max(...candidates.map((index) => probabilities[index]!));
  return candidates
    .filter((index) => probabilities[index]! > highest - ALIKE)
    .reduce((a, b) => (isSharper(b, a) ? b : a));
}

/** Length of the path through the samples, um. */
export function travelOf(samples: readonly { readonly zUm: number }[]): number {
  let travelUm = 0;
  for (let i = 1; i < samples.length; i++) travelUm += Math.abs(samples[i]!.zUm - samples[i - 1]!.zUm);
  return travelUm;
}

/** The z that can be visited, with enough travel left to come back to the best one. */
function reachable(
  samples: readonly Sample[],
  best: Sample,
  { zLimitsUm, maxTravelUm }: SearchSettings,
): [number, number] | undefined {
  const here = samples.at(-1)!.zUm;
  if (zLimitsUm !== undefined && (here < zLimitsUm[0] || here > zLimitsUm[1])) return undefined;
  const low = Math.min(here, best.zUm);
  const high = Math.max(here, best.zUm);
  // Going to z and back costs |z - here| + |z - best|: high - low inside the two, twice the excess outside.
  const slackUm = (maxTravelUm - travelOf(samples) - (high - low)) / 2;
  if (slackUm <= 0) return undefined;
  return [
    Math.max(low - slackUm, zLimitsUm?.[0] ?? Number.NEGATIVE_INFINITY),
    Math.min(high + slackUm, zLimitsUm?.[1] ?? Number.POSITIVE_INFINITY),
  ];
}

/** Focus lies beyond the range: the end of it that promises to be the nearer one, um, if a frame there is worth it. */
function approachTo(
  belief: FocusBelief,
  bestUm: number,
  range: readonly [number, number],
  isNew: (zUm: number) => boolean,
): number | undefined {
  const ends = range.filter((zUm) => Number.isFinite(zUm) && isNew(zUm));
  const promises = ends.map((zUm) => promiseOf(belief, zUm, bestUm));
  const approach = bestOf(ends, promises, () => true);
  return approach !== undefined && approach.gain >= WORTH_A_MOVE ? approach.zUm : undefined;
}

/** How many levels nearer to focus a z is on average than the best so far, where it is: otherwise one goes back. */
function promiseOf(
  { zUm: planes, probability, umPerLevel }: FocusBelief,
  zUm: number,
  bestUm: number,
): number {
  return planes.reduce((sum, focusUm, i) => {
    const nearerUm = Math.abs(bestUm - focusUm) - Math.abs(zUm - focusUm);
    return sum + (probability[i]! * Math.max(0, nearerUm)) / umPerLevel;
  }, 0);
}

function bestOf(
  zsUm: readonly number[],
  gains: ArrayLike<number>,
  isAllowed: (zUm: number) => boolean,
): { zUm: number; gain: number } | undefined {
  let best: { zUm: number; gain: number } | undefined;
  for (const [i, zUm] of zsUm.entries()) {
    const gain = gains[i]!;
    if ((best === undefined || gain > best.gain) && isAllowed(zUm)) best = { zUm, gain };
  }
  return best;
}
