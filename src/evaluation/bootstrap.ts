import type { Random } from "../optics/random.js";
import { quantile } from "../statistics.js";

/** A figure and the interval that 95 % of its resamples lie in. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** A difference between two judges of the same resamples. */
export interface Difference extends Estimate {
  /**
   * How often chance alone would give a difference at least as far from 0 (two-sided bootstrap test, Davison and Hinkley 1997,
   * ch. 4): twice the share of the resamples on the other side of 0, the difference itself counted among them.
   */
  readonly p: number;
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

/** The difference with its interval and how far chance explains it. */
export function difference(value: number, resampled: readonly number[]): Difference {
  const beyond = (side: 1 | -1) => resampled.filter((d) => side * d <= 0).length + 1;
  const p = Math.min(1, (2 * Math.min(beyond(1), beyond(-1))) / (resampled.length + 1));
  return { ...estimate(value, resampled), p };
}
