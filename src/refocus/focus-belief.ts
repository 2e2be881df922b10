/**
 * Where focus is, how many um make one level here, and how sharp this content can get, as a probability.
 *
 * A level has no sign, the optics may be mis-stated, and large or thick structure never reads 0. So one frame says "focus
 * is about so far above or below". Every further frame weighs the two sides, corrects the um per level, shows how sharp
 * the content gets, and narrows what is left. The belief is a table over these three, filled in by Bayes' rule. All that
 * the search knows about optics, content and drives is in here.
 * @module
 */
import { CONTENTS, likelihoodOf, RISE_WIDTH, readingAt } from "./level-response.js";

/** One frame that was judged. */
export interface Sample {
  readonly zUm: number;
  /** Level, 0 to 10. */
  readonly level: number;
  /** Standard deviation of the level as far as the frame tells it, levels; default 0. */
  readonly levelSd?: number | undefined;
  /** Contrast of fine detail, in any unit: of two frames of one site, the one with more is nearer to focus. */
  readonly contrast?: number | undefined;
}

/** What is believed before the first frame of a site. */
export interface FocusPrior {
  /** Defocus per level as the optics have it, um. */
  readonly umPerLevel: number;
  /** Weight of each of `SCALES`: the real um per level over that of the optics. */
  readonly scales: readonly number[];
  /** Weight of each of `CONTENTS`. */
  readonly contents: readonly number[];
  /** Probability that focus lies at larger z than the first frame, 0 to 1. */
  readonly positive: number;
  /** Where the neighbouring sites say that focus is, um. */
  readonly expected?: { readonly zUm: number; readonly sdUm: number } | undefined;
}

/** Real um per level over the one that the optics give, as far as it may be off. */
export const SCALES: readonly number[] = Array.from({ length: 37 }, (_, i) => 3 ** ((i - 18) / 18));
/** Older frames count less: focus drifts. Levels of standard deviation for each square root of a later frame. */
const AGEING = 0.05;
/** Focus is looked for this many levels around the frames, finely enough to tell a quarter of a level. */
const WINDOW_LEVELS = 18;
const STEP_LEVELS = 0.25;
const MAX_POINTS = 1200;
/** How far focus usually is from where a site was planned, levels; decides only where the levels are saturated. */
const USUAL_LEVELS = 8.5;
/** Probabilities that do not matter. */
const NEGLIGIBLE = 1e-5;
const IMPOSSIBLE = 1e-14;
/** The expectation of the neighbouring sites: its weight, that of one three times as wide; the rest is without it. */
const EXPECTED_WEIGHT = 0.55;
const WIDE_WEIGHT = 0.3;
const WIDE = 3;
/** A z is surely in focus within the first, and not at all from the second on, levels. */
const SURELY_IN_FOCUS = 0.9;
const NOT_IN_FOCUS = 1.1;
/** Contrast says which of two frames is nearer to focus if it differs by this share (light and bleaching vary by less). */
const DECISIVE_CONTRAST = 0.05;
/** It is wrong in this share, and hardly tells frames apart that lie this much nearer than each other, levels. */
const WRONG_ORDERS = 0.03;
const ORDER_LEVELS = 0.15;
/** Readings and likelihoods are looked up in steps, so many a level; they end where all is equally lost. */
const STEPS_PER_LEVEL = 50;
const LAST_STEP = 30 * STEPS_PER_LEVEL;
/** For each of `CONTENTS`. */
const READINGS = CONTENTS.map(({ curve }) => perStep((blur) => readingAt(curve, blur)));

/** Weights of `SCALES` for optics that are known to about `sd` (standard deviation of the logarithm). */
export function scalesAround(sd: number): number[] {
  return normalised(SCALES.map((scale) => Math.exp(-0.5 * (Math.log(scale) / sd) ** 2)));
}

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

  /** @param samples frames in the order they were taken, at least one. */
  constructor(samples: readonly Sample[], prior: FocusPrior) {
    const grid = gridAround(samples, prior.umPerLevel);
    const near = expectationOver(grid, prior);
    const tables = samples.map((sample, k) => likelihoods(sample, samples.length - 1 - k));
    const orders = ordersOf(samples);
    const contentMasses = new Array<number>(CONTENTS.length).fill(0);
    this.#shares = SCALES.map((scale, s) => {
      const share = new Float64Array(grid.length);
      if (prior.scales[s]! < NEGLIGIBLE) return share;
      const umPerLevel = prior.umPerLevel * scale;
      const before = priorOver(grid, samples[0]!.zUm, umPerLevel, prior.positive, near);
      for (const { nearerUm, fartherUm } of orders) {
        for (let i = 0; i < grid.length; i++) {
          const leadUm = Math.abs(fartherUm - grid[i]!) - Math.abs(nearerUm - grid[i]!);
          before[i]! *= orderLikelihood(leadUm / umPerLevel);
        }
      }
      const squares = samples.map(({ zUm }) =>
        Float64Array.from(grid, (focusUm) => ((focusUm - zUm) / umPerLevel) ** 2),
      );
      const rises = squares.map((square) => square.map((value) => Math.exp(-value / RISE_WIDTH ** 2)));
      for (const [c, { squaredBlur, rise }] of CONTENTS.entries()) {
        const weight = prior.scales[s]! * prior.contents[c]!;
        if (weight < NEGLIGIBLE) continue;
        const readings = READINGS[c]!;
        for (let i = 0; i < grid.length; i++) {
          let p = weight * before[i]!;
          for (let k = 0; k < tables.length && p > IMPOSSIBLE; k++) {
            const blur = Math.sqrt(Math.max(0, squares[k]![i]! + squaredBlur)) * STEPS_PER_LEVEL;
            const reading = readings[blur < LAST_STEP ? blur | 0 : LAST_STEP]! + rise * rises[k]![i]!;
            const step = reading * STEPS_PER_LEVEL;
            p *= tables[k]![step < LAST_STEP ? step | 0 : LAST_STEP]!;
          }
          share[i]! += p;
          contentMasses[c]! += p;
        }
      }
      return share;
    });
    const masses = this.#shares.map((share) => share.reduce((sum, p) => sum + p, 0));
    const total = masses.reduce((sum, mass) => sum + mass, 0);
    for (const share of this.#shares) for (let i = 0; i < grid.length; i++) share[i]! /= total;
    this.zUm = grid;
    this.probability = grid.map((_, i) => this.#shares.reduce((sum, share) => sum + share[i]!, 0));
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

/** How much a frame so many levels from focus counts as in focus, 0 to 1. */
function inFocus(levels: number): number {
  if (levels <= SURELY_IN_FOCUS) return 1;
  return Math.max(0, (NOT_IN_FOCUS - levels) / (NOT_IN_FOCUS - SURELY_IN_FOCUS));
}

/** Of frames that lie next to each other in z, those whose contrast says which one is nearer to focus. */
function ordersOf(samples: readonly Sample[]): { nearerUm: number; fartherUm: number }[] {
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

/** Likelihood of a sample at each step of what may be read. */
function likelihoods({ level, levelSd = 0 }: Sample, age: number): Float64Array {
  const sd = Math.hypot(levelSd, AGEING * Math.sqrt(age));
  return perStep((reading) => likelihoodOf(level, sd, reading));
}

function perStep(f: (levels: number) => number): Float64Array {
  return Float64Array.from({ length: LAST_STEP + 1 }, (_, i) => f((i + 0.5) / STEPS_PER_LEVEL));
}

function gridAround(samples: readonly Sample[], umPerLevel: number): number[] {
  const z = samples.map((sample) => sample.zUm);
  const low = Math.min(...z) - WINDOW_LEVELS * umPerLevel;
  const high = Math.max(...z) + WINDOW_LEVELS * umPerLevel;
  const points = Math.min(MAX_POINTS, Math.ceil((high - low) / (STEP_LEVELS * umPerLevel)) + 1);
  return Array.from({ length: points }, (_, i) => low + ((high - low) * i) / (points - 1));
}

/** Probability of each z of the grid by what the neighbouring sites say, if they do: two Gaussians of one half each. */
function expectationOver(
  grid: readonly number[],
  { expected, umPerLevel }: FocusPrior,
): number[] | undefined {
  if (expected === undefined) return undefined;
  const sdUm = Math.max(expected.sdUm, umPerLevel / 4);
  const near = gaussianOver(grid, expected.zUm, sdUm);
  const wide = gaussianOver(grid, expected.zUm, WIDE * sdUm);
  return grid.map((_, i) => EXPECTED_WEIGHT * near[i]! + WIDE_WEIGHT * wide[i]!);
}

function gaussianOver(grid: readonly number[], zUm: number, sdUm: number): number[] {
  const density = grid.map((z) => Math.exp(-0.5 * ((z - zUm) / sdUm) ** 2));
  const mass = density.reduce((sum, p) => sum + p, 0);
  return mass > 0 ? density.map((p) => p / mass) : density;
}

/**
 * Probability of each z of the grid before the first level is seen. Its width goes with the um per level, so that a first
 * level says nothing about these: that a frame is sharp must not mean that they are large.
 */
function priorOver(
  grid: readonly number[],
  firstUm: number,
  umPerLevel: number,
  positive: number,
  near: readonly number[] | undefined,
): number[] {
  const widthUm = USUAL_LEVELS * umPerLevel;
  const stepUm = grid[1]! - grid[0]!;
  return grid.map((zUm, i) => {
    const side = zUm >= firstUm ? positive : 1 - positive;
    const broad = (side * stepUm * Math.exp(-0.5 * ((zUm - firstUm) / widthUm) ** 2)) / widthUm;
    return near === undefined ? broad : (1 - EXPECTED_WEIGHT - WIDE_WEIGHT) * broad + near[i]!;
  });
}

export function normalised(weights: readonly number[]): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}
