import type { ContentReading } from "../networks/content.js";
import { type FeatureRows, featureScale } from "./feature-rows.js";

/** Added to each variance, of features scaled to deviation 1: what hardly ever varies must not decide. */
const RIDGE = 1e-3;

/**
 * What makes features uncorrelated, with mean 0 and deviation 1: x -> (x - mean) / deviation, times the inverse of the
 * transposed Cholesky factor of their correlation, so that the sum of squares is Mahalanobis' distance squared.
 */
export function whiteningOf(rows: FeatureRows): Pick<ContentReading, "whitening" | "whiteningOffset"> {
  const { features } = rows;
  const { means, deviations } = featureScale([rows]);
  const inverse = lowerInverse(choleskyFactor(correlationOf(rows, means, deviations), features), features);
  const values = new Float32Array(features * features);
  const offset = new Float32Array(features);
  for (let from = 0; from < features; from++) {
    for (let to = from; to < features; to++) {
      const value = inverse[to * features + from]! / deviations[from]!;
      values[from * features + to] = value;
      offset[to]! -= means[from]! * value;
    }
  }
  return {
    whitening: { shape: [features, features], values },
    whiteningOffset: { shape: [features], values: offset },
  };
}

/** [features, features], with the ridge on its diagonal. */
function correlationOf(
  { count, features, values }: FeatureRows,
  means: Float64Array,
  deviations: Float64Array,
): Float64Array {
  const sums = new Float64Array(features * features);
  const scaled = new Float64Array(features);
  for (let row = 0; row < count; row++) {
    for (let i = 0; i < features; i++) {
      scaled[i] = (values[row * features + i]! - means[i]!) / deviations[i]!;
      const value = scaled[i]!;
      for (let j = 0; j <= i; j++) sums[i * features + j]! += value * scaled[j]!;
    }
  }
  return sums.map((sum, at) => sum / count + (at % (features + 1) === 0 ? RIDGE : 0));
}

/** Lower triangular L with L x its transpose = the matrix, whose lower half is read. */
function choleskyFactor(matrix: Float64Array, size: number): Float64Array {
  const factor = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * size + j]!;
      for (let k = 0; k < j; k++) sum -= factor[i * size + k]! * factor[j * size + k]!;
      factor[i * size + j] = i === j ? Math.sqrt(sum) : sum / factor[j * size + j]!;
    }
  }
  return factor;
}

/** Inverse of a lower triangular matrix. */
function lowerInverse(lower: Float64Array, size: number): Float64Array {
  const inverse = new Float64Array(size * size);
  for (let column = 0; column < size; column++) {
    for (let row = column; row < size; row++) {
      let sum = row === column ? 1 : 0;
      for (let k = column; k < row; k++) sum -= lower[row * size + k]! * inverse[k * size + column]!;
      inverse[row * size + column] = sum / lower[row * size + row]!;
    }
  }
  return inverse;
}
