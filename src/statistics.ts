/** Standard deviation of a Gaussian over the median of its absolute values. */
const SD_PER_MEDIAN = 1.4826;

/** Median of some values; the mean of the middle two of an even count; undefined of none. */
export function median(values: ArrayLike<number>): number | undefined {
  if (values.length === 0) return undefined;
  const sorted = new Float64Array(values).sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Standard deviation of errors about 0 that a few outliers do not move: from the median of their absolute values; 0 of none. */
export function robustSd(errors: ArrayLike<number>): number {
  const sizes = new Float64Array(errors);
  for (let i = 0; i < sizes.length; i++) sizes[i] = Math.abs(sizes[i]!);
  return SD_PER_MEDIAN * (median(sizes) ?? 0);
}

/** Value below which the given share of the sorted values lies (nearest rank); NaN of none. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** Weights that add up to 1. */
export function normalised(weights: readonly number[]): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight) => weight / total);
}
