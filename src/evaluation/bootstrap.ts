import type { Random } from "../optics/random.js";
import { quantile } from "../statistics.js";

/** A figure and the interval that 95 % of its resamples lie in. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/**
 * How often each frame counts in each of `count` resamples: as many fields as there are, drawn with putting back (Efron 1979),
 * each with all its frames. Resamples without frames of both labels are drawn again.
 * @param fields the number of the field of each frame: 0, 1, 2 and so on, none left out.
 * @param labels the label of each frame; both must be there.
 */
export function resample(
  fields: readonly number[],
  labels: readonly boolean[],
  count: number,
  random: Random,
): Uint32Array[] {
  const fieldCount = new Set(fields).size;
  const draw = () => {
    const times = new Uint32Array(fieldCount);
    for (let i = 0; i < fieldCount; i++) times[random.below(fieldCount)]!++;
    return Uint32Array.from(fields, (field) => times[field]!);
  };
  const has = (weights: Uint32Array, label: boolean) =>
    weights.some((weight, frame) => weight > 0 && labels[frame] === label);
  return Array.from({ length: count }, () => {
    let weights = draw();
    while (!has(weights, true) || !has(weights, false)) weights = draw();
    return weights;
  });
}

/** The value with the interval between the 2.5 % and the 97.5 % quantile of its resamples. */
export function estimate(value: number, resampled: readonly number[]): Estimate {
  const sorted = resampled.toSorted((a, b) => a - b);
  return { value, low: quantile(sorted, 0.025), high: quantile(sorted, 0.975) };
}
