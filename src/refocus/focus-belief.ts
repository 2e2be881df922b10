/**
 * Where focus is, how many um make one level here, and how sharp this content can get, as a probability.
 *
 * A level has no sign, the optics may be mis-stated, and large or thick structure never reads 0. So one frame says "focus
 * is about so far above or below". Every further frame weighs the two sides, corrects the um per level, shows how sharp
 * the content gets, and narrows what is left. The belief is a table over these three, filled in by Bayes' rule. All that
 * the search knows about optics, content and drives is in here.
 * @module
 */

import { normalised } from "../statistics.js";
import type { DetailEvidence, DetailMeasure, DetailWeights } from "./detail.js";
import { CONTRAST, FINENESS } from "./detail-measures.js";
import { FocusEvidence, NEGLIGIBLE, type Sample } from "./focus-evidence.js";
import {
  expectationOver,
  type FocusPrior,
  meanScale,
  type PlacePrior,
  priorOver,
  SCALES,
} from "./focus-prior.js";
import { CONTENTS } from "./level-response.js";

/** A z is surely in focus within the first, and not at all from the second on, levels. */
const SURELY_IN_FOCUS = 0.9;
const NOT_IN_FOCUS = 1.1;
/** Smooth content makes it look as if there were up to so many times the um per level; more than that is the optics. */
const SMOOTH_SCALE = 1.5;
/** The plane of focus that a frame found is looked for within about so many levels of it. */
const NEAR_LEVELS = 1.5;
/** What is believed after some frames. @param samples in the order they were taken, at least one. */
export function beliefAfter(samples: readonly Sample[], prior: FocusPrior): FocusBelief {
  return new FocusBelief(new FocusEvidence(samples, prior), prior);
}

/** The belief after some frames of one site. */
export class FocusBelief {
  /** Planes of focus, um, evenly spaced, and the probability of each. */
  readonly zUm: readonly number[];
  readonly probability: readonly number[];
  /** Weights of `SCALES` after these frames. */
  readonly scales: readonly number[];
  readonly umPerLevel: number;
  /** How far from focus still counts as in focus, um. */
  readonly toleranceUm: number;
  /** What it rests on. */
  readonly evidence: FocusEvidence;
  /** For each of `SCALES`, the share of each probability that goes with it. */
  readonly #shares: readonly Float64Array[];

  /** @param place what was believed of the place before its first frame. */
  constructor(evidence: FocusEvidence, place: PlacePrior) {
    const { zUm, firstUm, likelihoods } = evidence;
    this.evidence = evidence;
    this.zUm = zUm;
    const near = expectationOver(zUm, evidence.umPerLevel, place);
    this.#shares = likelihoods.map((likely, s) => {
      if (likely === undefined) return new Float64Array(zUm.length);
      const umPerLevel = evidence.umPerLevel * SCALES[s]!;
      const share = priorOver(zUm, firstUm, umPerLevel, place.positive, near);
      for (let i = 0; i < share.length; i++) share[i]! *= likely[i]!;
      return share;
    });
    this.probability = normaliseTogether(this.#shares, zUm.length);
    this.scales = this.#shares.map(sumOf);
    const scale = meanScale(this.scales);
    this.umPerLevel = evidence.umPerLevel * scale;
    this.toleranceUm = this.umPerLevel * toleratedLevels(evidence, scale);
  }

  /** Probability, 0 to 1, that a z is in focus: within about one level. */
  inFocusAt(zUm: number): number {
    const [startUm, stepUm] = [this.zUm[0]!, this.zUm[1]! - this.zUm[0]!];
    let sum = 0;
    this.#each((share, _, toleranceUm) => {
      const reachUm = NOT_IN_FOCUS * toleranceUm;
      const first = Math.max(0, Math.floor((zUm - reachUm - startUm) / stepUm));
      const last = Math.min(share.length - 1, Math.ceil((zUm + reachUm - startUm) / stepUm));
      for (let i = first; i <= last; i++) {
        sum += share[i]! * inFocus(Math.abs(zUm - this.zUm[i]!) / toleranceUm);
      }
    });
    return sum;
  }

  /** At each z of the grid, the probability that it is in focus and `thanUm`, the z that would be kept, is not. */
  betterThan(thanUm: number): Float64Array {
    const stepUm = this.zUm[1]! - this.zUm[0]!;
    const better = new Float64Array(this.zUm.length);
    this.#each((share, _, toleranceUm) => {
      const reach = Math.floor((NOT_IN_FOCUS * toleranceUm) / stepUm);
      const window = Array.from({ length: reach + 1 }, (_, k) => inFocus((k * stepUm) / toleranceUm));
      for (let i = 0; i < share.length; i++) {
        if (share[i]! < NEGLIGIBLE) continue;
        const than = inFocus(Math.abs(thanUm - this.zUm[i]!) / toleranceUm);
        const end = Math.min(better.length - 1, i + reach);
        for (let j = Math.max(0, i - reach); j <= end; j++) {
          const gain = window[Math.abs(i - j)]! - than;
          if (gain > 0) better[j]! += share[i]! * gain;
        }
      }
    });
    return better;
  }

  /** Centre and spread of the belief near `zUm`, um. */
  focusNear(zUm: number, radiusUm: number): { zUm: number; sdUm: number } {
    const window = (focusUm: number) => Math.exp(-0.5 * ((zUm - focusUm) / radiusUm) ** 2);
    const mass = this.#mean(window);
    if (!(mass > 0)) return { zUm, sdUm: radiusUm };
    const mean = this.#mean((focusUm) => window(focusUm) * focusUm) / mass;
    return { zUm: mean, sdUm: Math.sqrt(this.#mean((f) => window(f) * (f - mean) ** 2) / mass) };
  }

  /** The plane of focus that a frame at a z found: centre and spread, um. */
  focusAbout(zUm: number): { zUm: number; sdUm: number } {
    return this.focusNear(zUm, NEAR_LEVELS * this.umPerLevel);
  }

  /** Weights of `CONTENTS` after these frames. */
  contents(): number[] {
    const weights = new Float64Array(CONTENTS.length);
    this.#each((share, umPerLevel) => this.evidence.levels.addTo(weights, share, this.zUm, umPerLevel));
    return normalised([...weights]);
  }

  /** Weights of the field's fineness after these frames. */
  fineness(): DetailWeights {
    return this.#detail(FINENESS, this.evidence.fineness);
  }

  /** Weights of the field's contrast after these frames. */
  contrast(): DetailWeights {
    return this.#detail(CONTRAST, this.evidence.contrast);
  }

  #detail({ any }: DetailMeasure, evidence: DetailEvidence): DetailWeights {
    const weights = new Float64Array(any.length);
    this.#each((share, umPerLevel) => evidence.addTo(weights, share, this.zUm, umPerLevel));
    return weights;
  }

  #each(visit: (share: Float64Array, umPerLevel: number, toleranceUm: number) => void): void {
    const { umPerLevel } = this.evidence;
    for (const [s, share] of this.#shares.entries()) {
      if (this.scales[s]! < NEGLIGIBLE) continue;
      const real = umPerLevel * SCALES[s]!;
      visit(share, real, real * toleratedLevels(this.evidence, SCALES[s]!));
    }
  }

  #mean(f: (focusUm: number) => number): number {
    let sum = 0;
    for (let i = 0; i < this.zUm.length; i++) sum += this.probability[i]! * f(this.zUm[i]!);
    return sum;
  }
}

/**
 * How far from focus still counts as in focus, levels of the frame as it is judged: one of the reference optics. Where the real um
 * per level are more than stated, the pixels are larger than stated and oversample the less. Where the run has learned that levels
 * rise later than stated, its content is most often smooth, and is to be as near to focus as any.
 */
function toleratedLevels(evidence: FocusEvidence, scale: number): number {
  const { oversampling, learnedScale } = evidence;
  const levels = Math.min(oversampling, Math.max(1, oversampling / scale));
  return levels / Math.min(SMOOTH_SCALE, Math.max(1, learnedScale / oversampling));
}

function sumOf(values: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum;
}

/** Makes all shares come to 1 together. @returns their sum at each place. */
function normaliseTogether(shares: readonly Float64Array[], length: number): number[] {
  const sums = new Array<number>(length).fill(0);
  for (const share of shares) for (let i = 0; i < length; i++) sums[i]! += share[i]!;
  let total = 0;
  for (let i = 0; i < length; i++) total += sums[i]!;
  for (const share of shares) for (let i = 0; i < length; i++) share[i]! /= total;
  for (let i = 0; i < length; i++) sums[i]! /= total;
  return sums;
}

/** How much a frame so many levels from focus counts as in focus, 0 to 1. */
function inFocus(levels: number): number {
  if (levels <= SURELY_IN_FOCUS) return 1;
  return Math.max(0, (NOT_IN_FOCUS - levels) / (NOT_IN_FOCUS - SURELY_IN_FOCUS));
}
