/** What one judge says of each frame. */
export interface Judgements {
  /** More is sharper; only the order counts. */
  readonly sharpness: readonly number[];
  readonly inFocus: readonly boolean[];
}

/** F-score and area under the curve of one judge over frames that count more than once, or not at all; sorts only once. */
export class WeightedScores {
  readonly #labels: readonly boolean[];
  readonly #judgements: Judgements;
  /** Frames from the blurriest to the sharpest. */
  readonly #order: readonly number[];

  /** @param labels which frames are in focus, in the order of the judgements. */
  constructor(labels: readonly boolean[], judgements: Judgements) {
    this.#labels = labels;
    this.#judgements = judgements;
    const { sharpness } = judgements;
    this.#order = labels.map((_, frame) => frame).sort((a, b) => sharpness[a]! - sharpness[b]!);
  }

  /** F-score of "in focus", 0 to 1; each frame counts as often as `weights` says. */
  fScore(weights: ArrayLike<number>): number {
    let [hits, errors] = [0, 0];
    for (const [frame, label] of this.#labels.entries()) {
      const judged = this.#judgements.inFocus[frame];
      if (label && judged) hits += weights[frame]!;
      else if (label !== judged) errors += weights[frame]!;
    }
    return (2 * hits) / (2 * hits + errors);
  }

  /** Chance that a frame in focus is sharper than one out of focus, ties half; NaN where a label has no weight. */
  areaUnderCurve(weights: ArrayLike<number>): number {
    const { sharpness } = this.#judgements;
    let [sharper, inFocus, outOfFocus] = [0, 0, 0];
    for (let start = 0, end = 0; start < this.#order.length; start = end) {
      const value = sharpness[this.#order[start]!];
      let [tiedIn, tiedOut] = [0, 0];
      for (; end < this.#order.length && sharpness[this.#order[end]!] === value; end++) {
        const frame = this.#order[end]!;
        if (this.#labels[frame]) tiedIn += weights[frame]!;
        else tiedOut += weights[frame]!;
      }
      sharper += tiedIn * (outOfFocus + tiedOut / 2);
      inFocus += tiedIn;
      outOfFocus += tiedOut;
    }
    return sharper / (inFocus * outOfFocus);
  }
}
