/**
 * How probable levels are with each plane of focus and each content, looked up in steps of defocus: a belief asks for it a
 * hundred thousand times.
 * @module
 */
import { CONTENTS, type Content, likelihoodOf, RISE_WIDTH, readingAt } from "./level-response.js";

/** So many steps a level; they end where all is equally lost. */
const STEPS_PER_LEVEL = 50;
const LAST_STEP = 30 * STEPS_PER_LEVEL;

/** The step of what is read at each step of defocus with each of `CONTENTS`, step by step. */
const READINGS = Uint16Array.from({ length: (LAST_STEP + 1) * CONTENTS.length }, (_, place) => {
  const content = CONTENTS[place % CONTENTS.length]!;
  return stepOf(readingOf(content, levelsAt(Math.floor(place / CONTENTS.length))));
});

/** What the levels of the frames of one site say. */
export class LevelEvidence {
  readonly #framesUm: readonly number[];
  /** For each frame, how probable its level is at each step with each of `CONTENTS`; the first by the weight of these. */
  readonly #likelihoods: readonly Float64Array[];
  /** Of a single frame, that of all contents together at each step. */
  readonly #together: Float64Array | undefined;

  /** Used again and again. */
  #rows: Float64Array | undefined;

  /** @param sds of the levels, levels. @param weights of `CONTENTS`. */
  constructor(
    samples: readonly { readonly zUm: number; readonly level: number }[],
    sds: readonly number[],
    weights: readonly number[],
  ) {
    this.#framesUm = samples.map(({ zUm }) => zUm);
    this.#likelihoods = samples.map(({ level }, k) =>
      likelihoodsOf(level, sds[k]!, k === 0 ? weights : undefined),
    );
    if (samples.length === 1) {
      this.#together = new Float64Array(LAST_STEP + 1);
      addRows(this.#together, this.#likelihoods[0]!);
    }
  }

  /** How probable the levels are with each plane of focus. */
  over(focusUm: readonly number[], umPerLevel: number): Float64Array {
    const likely = new Float64Array(focusUm.length);
    if (this.#together !== undefined) {
      const steps = stepsOver(focusUm, this.#framesUm[0]!, umPerLevel);
      for (let i = 0; i < likely.length; i++) likely[i] = this.#together[steps[i]!]!;
    } else addRows(likely, this.#ofContents(focusUm, umPerLevel));
    return likely;
  }

  /** Adds to `weights` of `CONTENTS` what the frames say of theirs, with the share of probability that each plane of focus has. */
  addTo(weights: Float64Array, share: Float64Array, focusUm: readonly number[], umPerLevel: number): void {
    const ofContents = this.#ofContents(focusUm, umPerLevel);
    const sums = new Float64Array(share.length);
    addRows(sums, ofContents);
    for (let i = 0; i < share.length; i++) {
      const factor = share[i]! / sums[i]!;
      for (let c = 0; c < weights.length; c++) weights[c]! += factor * ofContents[i * weights.length + c]!;
    }
  }

  /** How probable the levels are with each plane of focus and each of `CONTENTS`, plane by plane. */
  #ofContents(focusUm: readonly number[], umPerLevel: number): Float64Array {
    this.#rows ??= new Float64Array(focusUm.length * CONTENTS.length);
    for (let k = 0; k < this.#framesUm.length; k++) {
      const steps = stepsOver(focusUm, this.#framesUm[k]!, umPerLevel);
      if (k === 0) copyRows(this.#rows, this.#likelihoods[k]!, steps);
      else multiplyRows(this.#rows, this.#likelihoods[k]!, steps);
    }
    return this.#rows;
  }
}

// Functions of their own, because it is here where the time goes.

function copyRows(rows: Float64Array, table: Float64Array, steps: Uint16Array): void {
  const length = CONTENTS.length;
  for (let i = 0, at = 0; i < steps.length; i++) {
    const start = steps[i]! * length;
    for (let c = 0; c < length; c++) rows[at++] = table[start + c]!;
  }
}

/** Multiplies each row by the row of the table at its step. */
function multiplyRows(rows: Float64Array, table: Float64Array, steps: Uint16Array): void {
  const length = CONTENTS.length;
  for (let i = 0, at = 0; i < steps.length; i++) {
    const start = steps[i]! * length;
    for (let c = 0; c < length; c++) rows[at++]! *= table[start + c]!;
  }
}

/** Multiplies each row by the weights. */
function weigh(rows: Float64Array, weights: Float64Array): void {
  for (let at = 0; at < rows.length; ) {
    for (let c = 0; c < weights.length; c++) rows[at++]! *= weights[c]!;
  }
}

function addRows(sums: Float64Array, rows: Float64Array): void {
  const length = CONTENTS.length;
  for (let i = 0, at = 0; i < sums.length; i++) {
    let sum = 0;
    for (let c = 0; c < length; c++) sum += rows[at++]!;
    sums[i] = sum;
  }
}

/**
 * How probable a level is at each step of defocus with each of `CONTENTS`, step by step.
 * @param sd of the level, levels. @param weights of `CONTENTS`, by default 1.
 */
export function likelihoodsOf(level: number, sd: number, weights?: readonly number[]): Float64Array {
  const atReading = new Float64Array(LAST_STEP + 1);
  for (let i = 0; i < atReading.length; i++) atReading[i] = likelihoodOf(level, sd, levelsAt(i));
  const likely = new Float64Array(READINGS.length);
  for (let i = 0; i < likely.length; i++) likely[i] = atReading[READINGS[i]!]!;
  if (weights !== undefined) weigh(likely, Float64Array.from(weights));
  return likely;
}

/** The step of defocus of a frame at `zUm`, for each plane of focus. */
export function stepsOver(focusUm: readonly number[], zUm: number, umPerLevel: number): Uint16Array {
  const steps = new Uint16Array(focusUm.length);
  for (let i = 0; i < steps.length; i++) steps[i] = stepOf(Math.abs(focusUm[i]! - zUm) / umPerLevel);
  return steps;
}

/** What content reads so many levels from its plane of focus. */
function readingOf({ curve, squaredBlur, rise }: Content, defocus: number): number {
  const blur = Math.sqrt(Math.max(0, defocus ** 2 + squaredBlur));
  return readingAt(curve, blur) + rise * Math.exp(-((defocus / RISE_WIDTH) ** 2));
}

function stepOf(levels: number): number {
  return Math.min(LAST_STEP, Math.floor(levels * STEPS_PER_LEVEL));
}

/** Levels in the middle of a step. */
function levelsAt(step: number): number {
  return (step + 0.5) / STEPS_PER_LEVEL;
}
