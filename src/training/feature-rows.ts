/** Features of patches, a row each. */
export interface FeatureRows {
  readonly count: number;
  readonly features: number;
  /** [count, features] */
  readonly values: Float32Array;
}

/** @param rows at least one. */
export function rowsOf(rows: readonly Float32Array[]): FeatureRows {
  const features = rows[0]!.length;
  const values = new Float32Array(rows.length * features);
  for (const [i, row] of rows.entries()) values.set(row, i * features);
  return { count: rows.length, features, values };
}

/** A feature that varies less never changes. */
const LEAST_DEVIATION = 1e-6;

/** Mean and standard deviation of each feature, over all rows; infinite for one that never changes, so that it counts for nothing. */
export function featureScale(sets: readonly FeatureRows[]): {
  means: Float64Array;
  deviations: Float64Array;
} {
  const { features } = sets[0]!;
  const count = sets.reduce((sum, set) => sum + set.count, 0);
  const means = new Float64Array(features);
  const squares = new Float64Array(features);
  for (const { values } of sets)
    for (let i = 0; i < values.length; i++) means[i % features]! += values[i]! / count;
  for (const { values } of sets) {
    for (let i = 0; i < values.length; i++)
      squares[i % features]! += (values[i]! - means[i % features]!) ** 2;
  }
  const deviations = squares.map((sum) => Math.sqrt(sum / count));
  return {
    means,
    deviations: deviations.map((deviation) => (deviation > LEAST_DEVIATION ? deviation : Infinity)),
  };
}
