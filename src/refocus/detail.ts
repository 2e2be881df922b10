/**
 * What a measure of the detail of a frame says of focus: a number that falls with the square of the defocus, by how much and from
 * what on being each field's own. So one frame alone says nothing; further frames of its field do, and so do the fields before it.
 *
 * Both are a table over the fall and over the value in focus, filled in by Bayes' rule.
 * @module
 */
import { normalised } from "../statistics.js";

/** How a measure falls, and how it scatters. */
export interface DetailShape {
  /** By how much it may fall one level from focus. */
  readonly falls: readonly number[];
  /** Values in focus that are told apart: so many steps from the lowest on. */
  readonly lowest: number;
  readonly step: number;
  readonly bins: number;
  /** Scatter from frame to frame. */
  readonly frameSd: number;
  /** How far the fall is off its shape: by this share of the fall at one level, times the square of the levels. */
  readonly shapeSd: number;
  /** Share of fields in which it has nothing to do with focus, and the density of a frame's value there. */
  readonly outliers: number;
  readonly outlierDensity: number;
  /** Fields of one run differ by this much, or by that much. */
  readonly alikeSd: number;
  readonly unlikeSd: number;
}

/** The fall at d levels, over that at one: d^2 / (1 + BEND (d^2 - 1)). */
const BEND = 0.27;
/** From here on, levels, it falls no further. */
const LAST_LEVEL = 6;
/** The fall of another field is taken for the next one of `falls`, so often. */
const NEXT_FALL = 0.4;
const NEGLIGIBLE = 1e-6;
/** Distances from focus are told apart in so many steps a level. */
const STEPS_PER_LEVEL = 50;
const LAST_STEP = LAST_LEVEL * STEPS_PER_LEVEL;

/** Weights of the falls times the values in focus, fall by fall. */
export type DetailWeights = Float64Array;

/** A measure, with what is the same for all fields. */
export class DetailMeasure {
  readonly shape: DetailShape;
  /** Before anything is known: any value, any fall. */
  readonly any: DetailWeights;
  /** By fall and step of the distance: what brings a value back to focus, and the weight that it then has. */
  readonly toFocus: Float64Array;
  readonly weights: Float64Array;
  /** How probable it is that another field has so many steps more. */
  readonly #kernel: readonly number[];

  constructor(shape: DetailShape) {
    const { falls, bins, step, frameSd, shapeSd, alikeSd, unlikeSd } = shape;
    this.shape = shape;
    this.any = new Float64Array(falls.length * bins).fill(1 / (falls.length * bins));
    this.toFocus = overSteps(falls, (fall, square) => (fall * square) / (1 + BEND * (square - 1)));
    this.weights = overSteps(falls, (fall, square) => 1 / (frameSd ** 2 + (shapeSd * fall * square) ** 2));
    this.#kernel = Array.from({ length: Math.ceil((3 * unlikeSd) / step) + 1 }, (_, k) => {
      const gaussian = (sd: number) => Math.exp(-0.5 * ((k * step) / sd) ** 2) / sd;
      return gaussian(alikeSd) + gaussian(unlikeSd);
    });
  }

  /** What a field with these weights lets expect of other fields of its run: anything, where it showed nothing of this. */
  likeThese(weights: DetailWeights): DetailWeights {
    if (!weights.some((weight) => weight > 0)) return this.any;
    const { falls, bins } = this.shape;
    const likely = new Float64Array(weights.length);
    for (let f = 0; f < falls.length; f++) {
      for (let b = 0; b < bins; b++) {
        const weight = weights[f * bins + b]!;
        if (weight < NEGLIGIBLE) continue;
        for (const [toFall, share] of [
          [f - 1, NEXT_FALL],
          [f, 1],
          [f + 1, NEXT_FALL],
        ] as const) {
          if (falls[toFall] !== undefined) this.#spread(likely, toFall * bins, b, weight * share);
        }
      }
    }
    return Float64Array.from(normalised([...likely]));
  }

  /** Where a value lies among the bins, short of the last. */
  placeOf(value: number): number {
    const { lowest, step, bins } = this.shape;
    return Math.min(bins - 1.001, Math.max(0, (value - lowest) / step));
  }

  #spread(likely: Float64Array, row: number, bin: number, weight: number): void {
    const reach = this.#kernel.length - 1;
    const last = Math.min(this.shape.bins - 1, bin + reach);
    for (let b = Math.max(0, bin - reach); b <= last; b++) {
      likely[row + b]! += weight * this.#kernel[Math.abs(b - bin)]!;
    }
  }
}

function overSteps(falls: readonly number[], valueAt: (fall: number, square: number) => number) {
  return Float64Array.from(
    falls.flatMap((fall) =>
      Array.from({ length: LAST_STEP + 1 }, (_, step) => valueAt(fall, (step / STEPS_PER_LEVEL) ** 2)),
    ),
  );
}

/** The last step stands for all that is farther. */
function stepsBetween(focusUm: number, frameUm: number, umPerLevel: number): number {
  return Math.min(LAST_STEP, Math.round((STEPS_PER_LEVEL * Math.abs(focusUm - frameUm)) / umPerLevel));
}

/** What was measured on a frame, if it was. */
export interface MeasuredDetail {
  readonly zUm: number;
  readonly value: number | undefined;
}

/** What the frames of one field say. */
export class DetailEvidence {
  readonly #measure: DetailMeasure;
  readonly #weights: DetailWeights;
  /** Of each frame that has a value: where it was taken, um, and the value. */
  readonly #framesUm: Float64Array;
  readonly #values: Float64Array;
  /** Of each frame, the step of its distance from the plane of focus at hand. */
  readonly #steps: Uint16Array;
  /** Of a single frame, how probable its value is at each step that was looked at. */
  readonly #ofStep: Float64Array | undefined;
  /** The field's value in focus, by the last likelihood. */
  #inFocus = 0;

  constructor(measure: DetailMeasure, frames: readonly MeasuredDetail[], weights: DetailWeights) {
    const measured = frames.filter(({ value }) => value !== undefined);
    this.#measure = measure;
    this.#weights = weights;
    this.#framesUm = Float64Array.from(measured, ({ zUm }) => zUm);
    this.#values = Float64Array.from(measured, ({ value }) => value!);
    this.#steps = new Uint16Array(measured.length);
    if (measured.length === 1) this.#ofStep = new Float64Array(LAST_STEP + 1).fill(Number.NaN);
  }

  /** How probable the values are with each plane of focus (up to a factor). */
  over(focusUm: readonly number[], umPerLevel: number): Float64Array {
    const likelihoods = new Float64Array(focusUm.length).fill(1);
    if (this.#values.length === 0) return likelihoods;
    if (this.#ofStep !== undefined) {
      for (let i = 0; i < focusUm.length; i++) {
        likelihoods[i] = this.#ofOneAt(
          this.#ofStep,
          stepsBetween(focusUm[i]!, this.#framesUm[0]!, umPerLevel),
        );
      }
      return likelihoods;
    }
    let far: number | undefined;
    for (let i = 0; i < focusUm.length; i++) {
      const isFar = this.#look(focusUm[i]!, umPerLevel);
      likelihoods[i] = isFar && far !== undefined ? far : this.#ofAll();
      if (isFar) far = likelihoods[i]!;
    }
    return likelihoods;
  }

  /** Adds to `weights` what the frames say of their field, with the share of probability that each plane of focus has. */
  addTo(weights: DetailWeights, share: Float64Array, focusUm: readonly number[], umPerLevel: number): void {
    if (this.#values.length === 0) return;
    const { falls, bins } = this.#measure.shape;
    const likely = new Float64Array(falls.length);
    const places = new Uint16Array(falls.length);
    for (let i = 0; i < share.length; i++) {
      if (share[i]! < NEGLIGIBLE) continue;
      this.#look(focusUm[i]!, umPerLevel);
      let sum = 0;
      for (let f = 0; f < falls.length; f++) {
        likely[f] = this.#likelihood(f);
        places[f] = f * bins + Math.round(this.#measure.placeOf(this.#inFocus));
        sum += likely[f]!;
      }
      if (sum === 0) continue;
      for (let f = 0; f < falls.length; f++) weights[places[f]!]! += (share[i]! * likely[f]!) / sum;
    }
  }

  /** How probable the value of a single frame is, so many steps from focus. */
  #ofOneAt(ofStep: Float64Array, step: number): number {
    const known = ofStep[step]!;
    if (!Number.isNaN(known)) return known;
    const { toFocus, shape } = this.#measure;
    let sum = 0;
    for (let f = 0; f < shape.falls.length; f++) {
      sum += this.#densityAt(f, this.#values[0]! + toFocus[f * (LAST_STEP + 1) + step]!);
    }
    ofStep[step] = this.#withOutliers(sum);
    return ofStep[step]!;
  }

  /** How probable the values are with all falls together. */
  #ofAll(): number {
    let sum = 0;
    for (let f = 0; f < this.#measure.shape.falls.length; f++) sum += this.#likelihood(f);
    return this.#withOutliers(sum);
  }

  #withOutliers(likely: number): number {
    const { bins, step, outliers, outlierDensity } = this.#measure.shape;
    const unrelated = (outliers / (bins * step)) * outlierDensity ** (this.#values.length - 1);
    return (1 - outliers) * likely + unrelated;
  }

  /** Sets out from a plane of focus. @returns whether all frames are so far from it that nothing falls any further. */
  #look(focusUm: number, umPerLevel: number): boolean {
    let isFar = true;
    for (let k = 0; k < this.#values.length; k++) {
      const step = stepsBetween(focusUm, this.#framesUm[k]!, umPerLevel);
      if (step < LAST_STEP) isFar = false;
      this.#steps[k] = step;
    }
    return isFar;
  }

  /**
   * Density of the values with one of the falls: each frame brought back to focus tells the field's value there, with a
   * scatter of its own; their mean is met with the density of such fields, their differences by the scatter.
   */
  #likelihood(f: number): number {
    const [values, steps, { toFocus, weights }] = [this.#values, this.#steps, this.#measure];
    const row = f * (LAST_STEP + 1);
    let precision = 0;
    let sum = 0;
    let squares = 0;
    let product = 2 * Math.PI;
    for (let k = 0; k < values.length; k++) {
      const value = values[k]! + toFocus[row + steps[k]!]!;
      const weight = weights[row + steps[k]!]!;
      precision += weight;
      sum += weight * value;
      squares += weight * value * value;
      product *= weight / (2 * Math.PI);
    }
    this.#inFocus = sum / precision;
    const density = this.#densityAt(f, this.#inFocus);
    // One frame alone misses nothing.
    if (values.length === 1) return density;
    const misfit = Math.max(0, squares - sum * this.#inFocus);
    return Math.sqrt(product / precision) * Math.exp(-misfit / 2) * density;
  }

  #densityAt(f: number, value: number): number {
    const { bins, step } = this.#measure.shape;
    const place = this.#measure.placeOf(value);
    const bin = Math.floor(place);
    const below = this.#weights[f * bins + bin]!;
    const above = this.#weights[f * bins + bin + 1]!;
    return (below + (place - bin) * (above - below)) / step;
  }
}
