/**
 * Where focus is, how many um make one level here, and how sharp this content can get, as a probability.
 *
 * A level has no sign, the optics may be mis-stated, and large or thick structure never reads 0. So one frame says "focus
 * is about so far above or below". Every further frame weighs the two sides, corrects the um per level, shows how sharp
 * the content gets, and narrows what is left. The belief is a table over these three, filled in by Bayes' rule. All that
 * the search knows about optics, content and drives is in here.
 * @module
 */
import { ANY_FINENESS, FinenessEvidence } from "./fineness.js";
import {
  expectationOver,
  type FocusPrior,
  gridAround,
  normalised,
  priorOver,
  SCALES,
} from "./focus-prior.js";
import { likelihoodsOf, stepsOver } from "./level-likelihood.js";
import { CONTENTS } from "./level-response.js";

/** One frame that was judged. */
export interface Sample {
  readonly zUm: number;
  /** Level, 0 to 10. */
  readonly level: number;
  /** Standard deviation of the level as far as the frame tells it, levels; default 0. */
  readonly levelSd?: number | undefined;
  /** Contrast of fine detail, in any unit: of two frames of one site, the one with more is nearer to focus. */
  readonly contrast?: number | undefined;
  /** Mean count. */
  readonly brightness?: number | undefined;
  /** Fineness of its detail, see `FinenessEvidence`. */
  readonly fineness?: number | undefined;
}

/** Older frames count less: focus drifts. Levels of standard deviation for each square root of a later frame. */
const AGEING = 0.05;
/** Probabilities that do not matter. */
const NEGLIGIBLE = 1e-5;
const IMPOSSIBLE = 1e-14;
/** A z is surely in focus within the first, and not at all from the second on, levels. */
const SURELY_IN_FOCUS = 0.9;
const NOT_IN_FOCUS = 1.1;
/** Contrast says which of two frames is nearer to focus if it differs by this share (light and bleaching vary by less). */
const DECISIVE_CONTRAST = 0.05;
/** It is wrong in this share, and hardly tells frames apart that lie this much nearer than each other, levels. */
const WRONG_ORDERS = 0.03;
const ORDER_LEVELS = 0.15;
/** Fineness is weighed once for so many of `SCALES`, which differ by an eighth at most. */
const SCALES_ALIKE = 3;

/** The belief after some frames of one site. */
export class FocusBelief {
  /** Planes of focus, um, evenly spaced, and the probability of each. */
  readonly zUm: readonly number[];
  readonly probability: readonly number[];
  /** Weights of `SCALES` and of `CONTENTS` after these frames. */
  readonly scales: readonly number[];
  readonly contents: readonly number[];
  readonly umPerLevel: number;
  /** For each of `SCALES`, the share of each probability that goes with it. */
  readonly #shares: readonly Float64Array[];
  readonly #priorUmPerLevel: number;
  readonly #fineness: FinenessEvidence;

  /** @param samples frames in the order they were taken, at least one. */
  constructor(samples: readonly Sample[], prior: FocusPrior) {
    const grid = gridAround(
      samples.map(({ zUm }) => zUm),
      prior.umPerLevel,
    );
    const near = expectationOver(grid, prior);
    const likelihoods = samples.map(({ level, levelSd = 0 }, k) =>
      likelihoodsOf(level, Math.hypot(levelSd, AGEING * Math.sqrt(samples.length - 1 - k))),
    );
    // Of each of `CONTENTS`, one for each frame.
    const ofContents = CONTENTS.map((_, c) => likelihoods.map((contents) => contents[c]!));
    const orders = ordersOf(samples);
    this.#fineness = new FinenessEvidence(samples, prior.fineness ?? ANY_FINENESS);
    const masses = new Array<number>(SCALES.length).fill(0);
    const contentMasses = new Array<number>(CONTENTS.length).fill(0);
    let finenesses: { group: number; likelihoods: Float64Array } | undefined;
    this.#shares = SCALES.map((scale, s) => {
      const share = new Float64Array(grid.length);
      if (prior.scales[s]! < NEGLIGIBLE) return share;
      const umPerLevel = prior.umPerLevel * scale;
      const before = priorOver(grid, samples[0]!.zUm, umPerLevel, prior.positive, near);
      for (const order of orders) weighByOrder(before, grid, order, umPerLevel);
      const group = Math.floor(s / SCALES_ALIKE);
      if (group !== finenesses?.group) {
        finenesses = { group, likelihoods: this.#fineness.over(grid, umPerLevel) };
      }
      for (let i = 0; i < before.length; i++) before[i]! *= finenesses.likelihoods[i]!;
      const steps = samples.map(({ zUm }) => stepsOver(grid, zUm, umPerLevel));
      for (let c = 0; c < CONTENTS.length; c++) {
        const weight = prior.scales[s]! * prior.contents[c]!;
        if (weight < NEGLIGIBLE) continue;
        const mass = addContent(share, before, weight, steps, ofContents[c]!);
        contentMasses[c]! += mass;
        masses[s]! += mass;
      }
      return share;
    });
    this.zUm = grid;
    this.probability = normaliseTogether(this.#shares, grid.length);
    this.scales = normalised(masses);
    this.contents = normalised(contentMasses);
    this.#priorUmPerLevel = prior.umPerLevel;
    this.umPerLevel =
      prior.umPerLevel * Math.exp(this.scales.reduce((sum, w, s) => sum + w * Math.log(SCALES[s]!), 0));
  }

  /** Probability, 0 to 1, that a z is in focus: within about one level. */
  inFocusAt(zUm: number): number {
    let sum = 0;
    this.#each((share, umPerLevel) => {
      for (let i = 0; i < share.length; i++) {
        sum += share[i]! * inFocus(Math.abs(zUm - this.zUm[i]!) / umPerLevel);
      }
    });
    return sum;
  }

  /** At each z of the grid, the probability that it is in focus and `thanUm`, the z that would be kept, is not. */
  betterThan(thanUm: number): number[] {
    const stepUm = this.zUm[1]! - this.zUm[0]!;
    const better = new Array<number>(this.zUm.length).fill(0);
    this.#each((share, umPerLevel) => {
      const reach = Math.floor((NOT_IN_FOCUS * umPerLevel) / stepUm);
      const window = Array.from({ length: reach + 1 }, (_, k) => inFocus((k * stepUm) / umPerLevel));
      for (let i = 0; i < share.length; i++) {
        if (share[i]! < NEGLIGIBLE) continue;
        const than = inFocus(Math.abs(thanUm - this.zUm[i]!) / umPerLevel);
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

  /** Weights of the field's fineness after these frames. */
  fineness(): Float64Array {
    const weights = new Float64Array(ANY_FINENESS.length);
    this.#each((share, umPerLevel) => this.#fineness.addTo(weights, share, this.zUm, umPerLevel));
    return weights;
  }

  #each(visit: (share: Float64Array, umPerLevel: number) => void): void {
    for (const [s, share] of this.#shares.entries()) {
      if (this.scales[s]! >= NEGLIGIBLE) visit(share, this.#priorUmPerLevel * SCALES[s]!);
    }
  }

  #mean(f: (focusUm: number) => number): number {
    let sum = 0;
    for (let i = 0; i < this.zUm.length; i++) sum += this.probability[i]! * f(this.zUm[i]!);
    return sum;
  }
}

/**
 * Adds to each share of probability what one content gives it: its weight times how probable the levels are with it. A function
 * of its own, because it is where the time goes.
 * @param steps for each frame, the step of defocus at each plane of focus. @param likely for each frame, by step.
 * @returns all that was added.
 */
function addContent(
  share: Float64Array,
  before: Float64Array,
  weight: number,
  steps: readonly Uint16Array[],
  likely: readonly Float64Array[],
): number {
  let mass = 0;
  for (let i = 0; i < share.length; i++) {
    let p = weight * before[i]!;
    for (let k = 0; k < steps.length && p > IMPOSSIBLE; k++) p *= likely[k]![steps[k]![i]!]!;
    share[i]! += p;
    mass += p;
  }
  return mass;
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

/** Two frames of which contrast says which one is nearer to focus. */
interface Order {
  readonly nearerUm: number;
  readonly fartherUm: number;
}

function weighByOrder(
  before: Float64Array,
  grid: readonly number[],
  { nearerUm, fartherUm }: Order,
  umPerLevel: number,
): void {
  for (let i = 0; i < before.length; i++) {
    const leadUm = Math.abs(fartherUm - grid[i]!) - Math.abs(nearerUm - grid[i]!);
    before[i]! *= orderLikelihood(leadUm / umPerLevel);
  }
}

/** How much a frame so many levels from focus counts as in focus, 0 to 1. */
function inFocus(levels: number): number {
  if (levels <= SURELY_IN_FOCUS) return 1;
  return Math.max(0, (NOT_IN_FOCUS - levels) / (NOT_IN_FOCUS - SURELY_IN_FOCUS));
}

/** Of frames that lie next to each other in z, those whose contrast says which one is nearer to focus. */
function ordersOf(samples: readonly Sample[]): Order[] {
  const inOrder = samples.filter(({ contrast }) => contrast !== undefined).sort((a, b) => a.zUm - b.zUm);
  return inOrder.slice(1).flatMap((sample, i) => {
    const [sharper, other] =
      sample.contrast! > inOrder[i]!.contrast! ? [sample, inOrder[i]!] : [inOrder[i]!, sample];
    if (sharper.contrast! - other.contrast! <= DECISIVE_CONTRAST * sharper.contrast!) return [];
    return [{ nearerUm: sharper.zUm, fartherUm: other.zUm }];
  });
}

/** How probable it is that the frame with more contrast is the one that is nearer to focus by so many levels. */
function orderLikelihood(leadLevels: number): number {
  return WRONG_ORDERS + (1 - 2 * WRONG_ORDERS) / (1 + Math.exp(-leadLevels / ORDER_LEVELS));
}
