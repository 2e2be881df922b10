/**
 * Where focus is, and how many um make one level here, as a probability.
 *
 * A level has no sign and the optics may be mis-stated, so one frame says "focus is about L x umPerLevel above or
 * below". Every further frame weighs the two sides, corrects the um per level, and narrows what is left. The belief
 * is a table over the plane of focus, the um per level and the level that this content has when it is in focus;
 * Bayes' rule with a heavy-tailed error fills it in. All that the search knows about optics and drives is in here.
 * @module
 */

/** One frame that was judged. */
export interface Sample {
  readonly zUm: number;
  /** Expected level, 0 to 10. */
  readonly level: number;
}

/** What is believed before the first frame of a site. */
export interface FocusPrior {
  /** Defocus per level as the optics have it, um. */
  readonly umPerLevel: number;
  /** Weight of each of `SCALES`: the real um per level over that of the optics. */
  readonly scales: readonly number[];
  /** Probability that focus lies at larger z than the first frame, 0 to 1. */
  readonly positive: number;
  /** Level that the content of this run has in focus, if it is known. */
  readonly sharpLevel?: number | undefined;
  /** Where the neighbouring sites say that focus is, um. */
  readonly expected?: { readonly zUm: number; readonly sdUm: number } | undefined;
}

/** Real um per level over the one that the optics give, as far as it may be off. */
export const SCALES: readonly number[] = Array.from({ length: 17 }, (_, i) => 4 ** ((i - 8) / 8));

/** Usual level of content in focus, and how much more single sites may have: thick or hazy content never reads 0. */
const SHARP_LEVEL = 0.2;
const HAZE: readonly (readonly [level: number, weight: number])[] = [
  [0, 0.6],
  [0.6, 0.3],
  [1.4, 0.1],
];

/** Levels end here: a frame that reads more only says "at least". */
const SATURATED_LEVEL = 9;
/** Standard deviation of a level about what defocus predicts: constant, and per level. */
const LEVEL_SD = 0.15;
const LEVEL_SD_PER_LEVEL = 0.1;
/** Share of frames whose level says nothing (a cell floated by, the model erred). */
const OUTLIERS = 0.02;
/** Older frames count less: focus drifts. Growth of the variance with each later frame. */
const AGEING = 0.15;
/** Focus is looked for this many levels around the frames, finely enough to tell a quarter of a level. */
const WINDOW_LEVELS = 18;
const STEP_LEVELS = 0.25;
const MAX_POINTS = 1200;
/** How far focus usually is from where a site was planned, levels; decides only where the levels are saturated. */
const USUAL_LEVELS = 8.5;
/** Probabilities that do not matter. */
const NEGLIGIBLE = 1e-9;
/** Weight of the expectation of the neighbouring sites; the rest keeps a site that differs findable. */
const EXPECTATION_WEIGHT = 0.5;

/** Weights of `SCALES` for optics that are known to about `sd` (standard deviation of the logarithm). */
export function scalesAround(sd: number): number[] {
  return normalised(SCALES.map((scale) => Math.exp(-0.5 * (Math.log(scale) / sd) ** 2)));
}

/** The belief after some frames of one site. */
export class FocusBelief {
  /** Planes of focus, um, evenly spaced, and the probability of each. */
  readonly zUm: readonly number[];
  readonly probability: readonly number[];
  /** Weights of `SCALES` after these frames. */
  readonly scales: readonly number[];
  readonly umPerLevel: number;
  /** For each of `SCALES`, the share of each probability that goes with it. */
  readonly #shares: readonly number[][];
  readonly #priorUmPerLevel: number;

  /** @param samples frames in the order they were taken, at least one. */
  constructor(samples: readonly Sample[], prior: FocusPrior) {
    const grid = gridAround(samples, prior.umPerLevel);
    const near = expectationOver(grid, prior);
    this.#shares = SCALES.map((scale, s) => {
      const share = new Array<number>(grid.length).fill(0);
      const umPerLevel = prior.umPerLevel * scale;
      const before = priorOver(grid, samples[0]!.zUm, umPerLevel, prior.positive, near);
      for (const [haze, hazeWeight] of HAZE) {
        const weight = prior.scales[s]! * hazeWeight;
        const sharpLevel = (prior.sharpLevel ?? SHARP_LEVEL) + haze;
        for (let i = 0; i < grid.length; i++) {
          let likelihood = weight * before[i]!;
          for (let k = 0; k < samples.length && likelihood > 0; k++) {
            const defocusLevels = (grid[i]! - samples[k]!.zUm) / umPerLevel;
            const age = samples.length - 1 - k;
            likelihood *= likelihoodOf(
              samples[k]!.level,
              Math.sqrt(defocusLevels ** 2 + sharpLevel ** 2),
              age,
            );
          }
          share[i]! += likelihood;
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
    this.#priorUmPerLevel = prior.umPerLevel;
    this.umPerLevel =
      prior.umPerLevel * Math.exp(this.scales.reduce((sum, w, s) => sum + w * Math.log(SCALES[s]!), 0));
  }

  /** At each z of the grid, the probability that it is within `levels` of focus (a Gaussian window). */
  sharpAt(levels: number): number[] {
    const stepUm = this.zUm[1]! - this.zUm[0]!;
    const sharp = new Array<number>(this.zUm.length).fill(0);
    for (const [s, share] of this.#shares.entries()) {
      const widthPoints = (levels * this.#priorUmPerLevel * SCALES[s]!) / stepUm;
      const reach = Math.ceil(3 * widthPoints);
      const window = Array.from({ length: reach + 1 }, (_, k) => Math.exp(-0.5 * (k / widthPoints) ** 2));
      for (let i = 0; i < share.length; i++) {
        if (share[i]! < NEGLIGIBLE) continue;
        const end = Math.min(sharp.length - 1, i + reach);
        for (let j = Math.max(0, i - reach); j <= end; j++) sharp[j]! += share[i]! * window[Math.abs(i - j)]!;
      }
    }
    return sharp;
  }

  /** Level that a frame at a z would have on average, 0 to 10. */
  levelAt(zUm: number): number {
    return this.#mean((focusUm) => Math.min(10, Math.abs(zUm - focusUm) / this.umPerLevel));
  }

  /** Centre and spread of the belief near `zUm`, um. */
  focusNear(zUm: number, radiusUm: number): { zUm: number; sdUm: number } {
    const window = (focusUm: number) => Math.exp(-0.5 * ((zUm - focusUm) / radiusUm) ** 2);
    const mass = this.#mean(window);
    if (!(mass > 0)) return { zUm, sdUm: radiusUm };
    const mean = this.#mean((focusUm) => window(focusUm) * focusUm) / mass;
    return { zUm: mean, sdUm: Math.sqrt(this.#mean((f) => window(f) * (f - mean) ** 2) / mass) };
  }

  #mean(f: (focusUm: number) => number): number {
    let sum = 0;
    for (let i = 0; i < this.zUm.length; i++) sum += this.probability[i]! * f(this.zUm[i]!);
    return sum;
  }
}

function gridAround(samples: readonly Sample[], umPerLevel: number): number[] {
  const z = samples.map((sample) => sample.zUm);
  const low = Math.min(...z) - WINDOW_LEVELS * umPerLevel;
  const high = Math.max(...z) + WINDOW_LEVELS * umPerLevel;
  const points = Math.min(MAX_POINTS, Math.ceil((high - low) / (STEP_LEVELS * umPerLevel)) + 1);
  return Array.from({ length: points }, (_, i) => low + ((high - low) * i) / (points - 1));
}

/** Density over the grid of what the neighbouring sites say, if they do. */
function expectationOver(
  grid: readonly number[],
  { expected, umPerLevel }: FocusPrior,
): number[] | undefined {
  if (expected === undefined) return undefined;
  const sdUm = Math.max(expected.sdUm, umPerLevel / 2);
  const near = grid.map((zUm) => Math.exp(-0.5 * ((zUm - expected.zUm) / sdUm) ** 2));
  const mass = near.reduce((sum, p) => sum + p, 0);
  return mass > 0 ? near.map((p) => p / mass) : undefined;
}

/**
 * Density over the grid before the first level is seen. Its width goes with the um per level, so that a first level
 * says nothing about these: that a frame is sharp must not mean that they are large.
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
    return near === undefined ? broad : (1 - EXPECTATION_WEIGHT) * broad + EXPECTATION_WEIGHT * near[i]!;
  });
}

/** How well a level fits the one that the defocus predicts. `predicted` has no upper end, a seen level has. */
function likelihoodOf(level: number, predicted: number, age: number): number {
  const seen = Math.min(level, SATURATED_LEVEL);
  const expected = Math.min(predicted, SATURATED_LEVEL);
  const sd = LEVEL_SD + LEVEL_SD_PER_LEVEL * expected;
  const variance = sd * sd * (1 + AGEING * age);
  const gaussian = Math.exp(-((seen - expected) ** 2 / (2 * variance))) / Math.sqrt(variance);
  return (1 - OUTLIERS) * gaussian + OUTLIERS * 0.1;
}

function normalised(weights: readonly number[]): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}
