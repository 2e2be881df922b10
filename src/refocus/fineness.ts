/**
 * How fine the detail of a frame is: the logarithm of its contrast at 2 px over that at 8 px. Levels are flat within a level
 * of focus, fineness is not: it falls with the square of the defocus. How fine a field gets in focus, and how much of that
 * one level takes away, is its own. So one frame alone says nothing; further frames of its field do, and so do the fields
 * before it.
 *
 * Both are a table over `FALLS` and over fineness in focus, filled in by Bayes' rule. The shape of the fall was measured on
 * nine kinds of content: `scripts/measure-response.ts`.
 * @module
 */
import { normalised } from "../statistics.js";

/** By how much fineness falls one level from focus. */
const FALLS: readonly number[] = [0.01, 0.03, 0.06, 0.1, 0.16, 0.25, 0.4, 0.6, 0.9];
/** Finenesses in focus that are told apart. */
const LOWEST = -5;
const STEP = 0.05;
const BINS = 120;
/** The fall at d levels, over that at one: d^2 / (1 + BEND (d^2 - 1)). */
const BEND = 0.27;
/** From here on, levels, fineness falls no further. */
const LAST_LEVEL = 6;
/** Scatter of fineness from frame to frame. */
const FRAME_SD = 0.015;
const FRAME_VARIANCE = FRAME_SD ** 2;
/** How far the fall is off its shape: by this share of the fall at one level, times the square of the levels. */
const SHAPE_SD = 0.11;
/** Share of fields in which fineness has nothing to do with focus, and the density of a frame's fineness there. */
const OUTLIERS = 0.03;
const OUTLIER_DENSITY = 0.5;
/** Fields of one run differ by this much, or by that much. */
const ALIKE_SD = 0.04;
const UNLIKE_SD = 0.15;
/** The fall of another field is taken for a step of `FALLS` more or less, so often. */
const NEXT_FALL = 0.4;
const NEGLIGIBLE = 1e-6;
/** Distances from focus are told apart in so many steps a level. */
const STEPS_PER_LEVEL = 50;
const LAST_STEP = LAST_LEVEL * STEPS_PER_LEVEL;
/** By one of `FALLS` and the step of the distance: what brings a fineness back to focus, and the weight that it then has. */
const TO_FOCUS = overSteps((fall, square) => (fall * square) / (1 + BEND * (square - 1)));
const WEIGHTS = overSteps((fall, square) => 1 / (FRAME_VARIANCE + (SHAPE_SD * fall * square) ** 2));

function overSteps(valueAt: (fall: number, square: number) => number): Float64Array {
  return Float64Array.from(
    FALLS.flatMap((fall) =>
      Array.from({ length: LAST_STEP + 1 }, (_, step) => valueAt(fall, (step / STEPS_PER_LEVEL) ** 2)),
    ),
  );
}

/** Weights of `FALLS` times finenesses in focus, fall by fall. */
export type FinenessWeights = Float64Array;

/** Before anything is known: any fineness, any fall. */
export const ANY_FINENESS: FinenessWeights = new Float64Array(FALLS.length * BINS).fill(
  1 / (FALLS.length * BINS),
);

/** What the fineness of the frames of one field says. */
export class FinenessEvidence {
  readonly #weights: FinenessWeights;
  /** Of each frame that has a fineness: where it was taken, um, and how fine it is. */
  readonly #framesUm: Float64Array;
  readonly #fineness: Float64Array;
  /** Of each frame, the step of its distance from the plane of focus at hand. */
  readonly #steps: Uint16Array;
  /** How fine the field is in focus, by the last likelihood. */
  #inFocus = 0;

  constructor(
    samples: readonly { readonly zUm: number; readonly fineness?: number | undefined }[],
    weights: FinenessWeights,
  ) {
    const fine = samples.filter(({ fineness }) => fineness !== undefined);
    this.#weights = weights;
    this.#framesUm = Float64Array.from(fine, ({ zUm }) => zUm);
    this.#fineness = Float64Array.from(fine, ({ fineness }) => fineness!);
    this.#steps = new Uint16Array(fine.length);
  }

  /** How probable the finenesses are with each plane of focus (up to a factor). */
  over(focusUm: readonly number[], umPerLevel: number): Float64Array {
    const likelihoods = new Float64Array(focusUm.length).fill(1);
    if (this.#fineness.length === 0) return likelihoods;
    const unrelated = (OUTLIERS / (BINS * STEP)) * OUTLIER_DENSITY ** (this.#fineness.length - 1);
    let far: number | undefined;
    for (let i = 0; i < focusUm.length; i++) {
      const isFar = this.#look(focusUm[i]!, umPerLevel);
      if (isFar && far !== undefined) {
        likelihoods[i] = far;
        continue;
      }
      let sum = 0;
      for (let f = 0; f < FALLS.length; f++) sum += this.#likelihood(f);
      likelihoods[i] = (1 - OUTLIERS) * sum + unrelated;
      if (isFar) far = likelihoods[i];
    }
    return likelihoods;
  }

  /** Adds to `weights` what the frames say of their field, with the share of probability that each plane of focus has. */
  addTo(weights: FinenessWeights, share: Float64Array, focusUm: readonly number[], umPerLevel: number): void {
    if (this.#fineness.length === 0) return;
    const likely = new Float64Array(FALLS.length);
    const places = new Uint16Array(FALLS.length);
    for (let i = 0; i < share.length; i++) {
      if (share[i]! < NEGLIGIBLE) continue;
      this.#look(focusUm[i]!, umPerLevel);
      let sum = 0;
      for (let f = 0; f < FALLS.length; f++) {
        likely[f] = this.#likelihood(f);
        places[f] = f * BINS + Math.round(placeOf(this.#inFocus));
        sum += likely[f]!;
      }
      if (sum === 0) continue;
      for (let f = 0; f < FALLS.length; f++) weights[places[f]!]! += (share[i]! * likely[f]!) / sum;
    }
  }

  /** Sets out from a plane of focus. @returns whether all frames are so far from it that fineness falls no further. */
  #look(focusUm: number, umPerLevel: number): boolean {
    let isFar = true;
    for (let k = 0; k < this.#fineness.length; k++) {
      const step = Math.round((STEPS_PER_LEVEL * Math.abs(focusUm - this.#framesUm[k]!)) / umPerLevel);
      if (step < LAST_STEP) isFar = false;
      this.#steps[k] = Math.min(step, LAST_STEP);
    }
    return isFar;
  }

  /**
   * Density of the finenesses with one of `FALLS`: each frame brought back to focus tells how fine the field is there, with a
   * scatter of its own; their mean is met with the density of such fields, their differences by the scatter.
   */
  #likelihood(f: number): number {
    const [fineness, steps] = [this.#fineness, this.#steps];
    const row = f * (LAST_STEP + 1);
    let precision = 0;
    let sum = 0;
    let squares = 0;
    let product = 2 * Math.PI;
    for (let k = 0; k < fineness.length; k++) {
      const value = fineness[k]! + TO_FOCUS[row + steps[k]!]!;
      const weight = WEIGHTS[row + steps[k]!]!;
      precision += weight;
      sum += weight * value;
      squares += weight * value * value;
      product *= weight / (2 * Math.PI);
    }
    this.#inFocus = sum / precision;
    const density = this.#densityAt(f, this.#inFocus);
    // One frame alone misses nothing.
    if (fineness.length === 1) return density;
    const misfit = Math.max(0, squares - sum * this.#inFocus);
    return Math.sqrt(product / precision) * Math.exp(-misfit / 2) * density;
  }

  #densityAt(f: number, fineness: number): number {
    const place = placeOf(fineness);
    const bin = Math.floor(place);
    const below = this.#weights[f * BINS + bin]!;
    const above = this.#weights[f * BINS + bin + 1]!;
    return (below + (place - bin) * (above - below)) / STEP;
  }
}

/** What a field with these weights lets expect of other fields of its run: anything, where it showed no fineness. */
export function likeThese(weights: FinenessWeights): FinenessWeights {
  if (!weights.some((weight) => weight > 0)) return ANY_FINENESS;
  const likely = new Float64Array(weights.length);
  for (let f = 0; f < FALLS.length; f++) {
    for (let b = 0; b < BINS; b++) {
      const weight = weights[f * BINS + b]!;
      if (weight < NEGLIGIBLE) continue;
      for (const [toFall, share] of [
        [f - 1, NEXT_FALL],
        [f, 1],
        [f + 1, NEXT_FALL],
      ] as const) {
        if (FALLS[toFall] !== undefined) spread(likely, toFall * BINS, b, weight * share);
      }
    }
  }
  return Float64Array.from(normalised([...likely]));
}

/** How probable it is that another field is so many steps finer. */
const KERNEL: readonly number[] = Array.from({ length: Math.ceil((3 * UNLIKE_SD) / STEP) + 1 }, (_, k) => {
  const gaussian = (sd: number) => Math.exp(-0.5 * ((k * STEP) / sd) ** 2) / sd;
  return gaussian(ALIKE_SD) + gaussian(UNLIKE_SD);
});

function spread(likely: Float64Array, row: number, bin: number, weight: number): void {
  const last = Math.min(BINS - 1, bin + KERNEL.length - 1);
  for (let b = Math.max(0, bin - KERNEL.length + 1); b <= last; b++) {
    likely[row + b]! += weight * KERNEL[Math.abs(b - bin)]!;
  }
}

/** Where a fineness lies among the bins, short of the last. */
function placeOf(fineness: number): number {
  return Math.min(BINS - 1.001, Math.max(0, (fineness - LOWEST) / STEP));
}
