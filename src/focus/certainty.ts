import { LEVELS } from "./levels.js";

/**
 * Certainty of a distribution: 1 - H(p)/ln N, 0 (uniform) to 1 (one level alone).
 * Source: Yang et al. 2018, Methods; `evaluation.py` of the original.
 */
export function certaintyOf(distribution: ArrayLike<number>): number {
  let negativeEntropy = 0;
  for (let k = 0; k < distribution.length; k++) {
    const p = distribution[k]!;
    if (p > 0) negativeEntropy += p * Math.log(p);
  }
  return Math.min(1, Math.max(0, 1 + negativeEntropy / Math.log(distribution.length)));
}

/**
 * The frame distribution: mean of the patch distributions weighted by their certainties, unweighted if all are 0.
 * Source: `aggregate_prediction_from_probabilities` of the original, method `average`.
 * @param probabilities [patches, levels] @param certainties [patches]
 */
export function frameDistribution(
  probabilities: Float32Array,
  certainties: Float32Array,
  levels = LEVELS,
): Float32Array {
  const total = certainties.reduce((sum, certainty) => sum + certainty, 0);
  const distribution = new Float64Array(levels);
  for (let patch = 0; patch < certainties.length; patch++) {
    const weight = total > 0 ? certainties[patch]! / total : 1 / certainties.length;
    for (let k = 0; k < levels; k++) distribution[k]! += weight * probabilities[patch * levels + k]!;
  }
  return Float32Array.from(distribution);
}

/** What the patches together say. @param probabilities [patches, levels] @param certainties [patches] */
export function summaryOf(probabilities: Float32Array, certainties: Float32Array) {
  const distribution = frameDistribution(probabilities, certainties);
  return {
    distribution,
    aggregateCertainty: certaintyOf(distribution),
    meanCertainty: certainties.reduce((sum, certainty) => sum + certainty, 0) / certainties.length,
    maxCertainty: certainties.reduce((largest, certainty) => Math.max(largest, certainty), 0),
  };
}

/** The most probable level; the lowest of equals. */
export function mostProbableLevel(distribution: ArrayLike<number>): number {
  let best = 0;
  for (let k = 1; k < distribution.length; k++) if (distribution[k]! > distribution[best]!) best = k;
  return best;
}

/**
 * The level that half of the probability lies below, each level's being spread evenly over half a level either side, -0.5 to 10.5. Unlike the
 * expectation, hardly drawn to the middle of the scale by what little probability lies far away.
 */
export function medianLevel(distribution: ArrayLike<number>): number {
  let [total, below] = [0, 0];
  for (let k = 0; k < distribution.length; k++) total += distribution[k]!;
  for (let k = 0; k < distribution.length; k++) {
    const p = distribution[k]!;
    if (p > 0 && below + p >= total / 2) return k - 0.5 + (total / 2 - below) / p;
    below += p;
  }
  return Number.NaN;
}

/** Sum of k p_k: the level as a real number, 0 to 10. */
export function expectedLevel(distribution: ArrayLike<number>): number {
  let sum = 0;
  for (let k = 0; k < distribution.length; k++) sum += k * distribution[k]!;
  return sum;
}
