/**
 * How probable levels are with each plane of focus and each content, looked up in steps of defocus: a belief asks for it a
 * hundred thousand times.
 * @module
 */
import {
  CONTENTS,
  type Content,
  likelihoodOf,
  RISE_WIDTH,
  readingAt,
  unsurenessOf,
} from "./level-response.js";

/** So many steps a level; they end where all is equally lost. */
const STEPS_PER_LEVEL = 50;
const LAST_STEP = 30 * STEPS_PER_LEVEL;
/** Shares of probability that do not matter. */
const NEGLIGIBLE = 1e-7;

/** The step of what is read at each step of defocus with each of `CONTENTS`, step by step. */
const READINGS = Uint16Array.from({ length: (LAST_STEP + 1) * CONTENTS.length }, (_, place) => {
  const content = CONTENTS[place % CONTENTS.length]!;
  return stepOf(readingOf(content, levelsAt(Math.floor(place / CONTENTS.length))));
});

/** What the levels of the frames of one site say. */
export class LevelEvidence {
  readonly #framesUm: readonly number[];
  /** For each frame, how probable its level is at each step of what is read. */
  readonly #likelihoods: readonly Float64Array[];
  readonly #weights: Float64Array;
  /** Of a single frame, how probable its level is at each step of defocus that was looked at, with all contents together. */
  readonly #together: Float64Array | undefined;
  /** How probable the levels are with each of `CONTENTS` at the plane of focus at hand. */
  readonly #gives = new Float64Array(CONTENTS.length);

  /** @param sds of the levels, levels. @param weights of `CONTENTS`. @param unsureNear share of frames in focus that are unsure. */
  constructor(
    samples: readonly {
      readonly zUm: number;
      readonly level: number;
      readonly certainty?: number | undefined;
    }[],
    sds: readonly number[],
    weights: readonly number[],
    unsureNear?: number,
  ) {
    this.#framesUm = samples.map(({ zUm }) => zUm);
    this.#likelihoods = samples.map(({ level, certainty }, k) =>
      likelihoodsOf(level, sds[k]!, unsurenessOf(certainty), unsureNear),
    );
    this.#weights = Float64Array.from(weights);
    if (samples.length === 1) this.#together = new Float64Array(LAST_STEP + 1).fill(Number.NaN);
  }

  /** How probable the levels are with each plane of focus. */
  over(focusUm: readonly number[], umPerLevel: number): Float64Array {
    const likely = new Float64Array(focusUm.length);
    for (let i = 0; i < likely.length; i++) {
      likely[i] =
        this.#together === undefined
          ? this.#at(focusUm[i]!, umPerLevel)
          : this.#ofOneAt(this.#together, stepOf(Math.abs(focusUm[i]! - this.#framesUm[0]!) / umPerLevel));
    }
    return likely;
  }

  /** Adds to `weights` of `CONTENTS` what the frames say of theirs, with the share of probability that each plane of focus has. */
  addTo(weights: Float64Array, share: Float64Array, focusUm: readonly number[], umPerLevel: number): void {
    for (let i = 0; i < share.length; i++) {
      if (share[i]! < NEGLIGIBLE) continue;
      const factor = share[i]! / this.#at(focusUm[i]!, umPerLevel);
      for (let c = 0; c < weights.length; c++) weights[c]! += factor * this.#gives[c]!;
    }
  }

  /** How probable the levels are with one plane of focus; with each of `CONTENTS` in `#gives`. */
  #at(focusUm: number, umPerLevel: number): number {
    this.#set();
    for (let k = 0; k < this.#framesUm.length; k++) {
      this.#multiply(this.#likelihoods[k]!, stepOf(Math.abs(focusUm - this.#framesUm[k]!) / umPerLevel));
    }
    return this.#sum();
  }

  // Loops of their own, because it is here where the time goes.

  #ofOneAt(together: Float64Array, step: number): number {
    const known = together[step]!;
    if (!Number.isNaN(known)) return known;
    const [weights, likelihoods] = [this.#weights, this.#likelihoods[0]!];
    const row = step * weights.length;
    let sum = 0;
    for (let c = 0; c < weights.length; c++) sum += weights[c]! * likelihoods[READINGS[row + c]!]!;
    together[step] = sum;
    return sum;
  }

  #set(): void {
    const [gives, weights] = [this.#gives, this.#weights];
    for (let c = 0; c < gives.length; c++) gives[c] = weights[c]!;
  }

  #multiply(likelihoods: Float64Array, step: number): void {
    const gives = this.#gives;
    const row = step * gives.length;
    for (let c = 0; c < gives.length; c++) gives[c]! *= likelihoods[READINGS[row + c]!]!;
  }

  #sum(): number {
    const gives = this.#gives;
    let sum = 0;
    for (let c = 0; c < gives.length; c++) sum += gives[c]!;
    return sum;
  }
}

/**
 * How probable a level is at each step of what is read.
 * @param sd of the level, levels. @param unsure of it, 0 to 1. @param unsureNear share of frames in focus that are unsure.
 */
function likelihoodsOf(level: number, sd: number, unsure: number, unsureNear?: number): Float64Array {
  const likely = new Float64Array(LAST_STEP + 1);
  for (let i = 0; i < likely.length; i++)
    likely[i] = likelihoodOf(level, sd, levelsAt(i), unsure, unsureNear);
  return likely;
}

/** What content number `content` reads so many levels from its plane of focus, in the same steps as the beliefs reckon. */
export function steppedReading(content: number, defocus: number): number {
  return levelsAt(READINGS[stepOf(defocus) * CONTENTS.length + content]!);
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
