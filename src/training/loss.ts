import type * as tfjs from "@tensorflow/tfjs";
import { LEVELS } from "../focus/levels.js";
import type { TensorFlow } from "../networks/tensorflow.js";
import { NO_LEVEL } from "./batch-maker.js";

/**
 * What a perfect answer is, [batch, 11]: a level between two whole ones is shared by both; a patch without structure
 * (`NO_LEVEL`) could be at any level.
 * @param levels true levels, [batch]
 */
export function targetDistributions(levels: Float32Array): Float32Array {
  const targets = new Float32Array(levels.length * LEVELS);
  for (const [row, level] of levels.entries()) {
    if (level === NO_LEVEL) {
      targets.fill(1 / LEVELS, row * LEVELS, (row + 1) * LEVELS);
      continue;
    }
    const below = Math.min(LEVELS - 2, Math.floor(level));
    targets[row * LEVELS + below] = 1 - (level - below);
    targets[row * LEVELS + below + 1] = level - below;
  }
  return targets;
}

/**
 * Ranked probability score: mean over the batch of the sum over k of (CDF_predicted,k - CDF_true,k)^2.
 * Source: Yang et al. 2018, Methods; `miq.py` of the original (without the factor 1/(K - 1)).
 * @param logits [batch, 11]
 * @param targets true distributions, [batch, 11]
 */
export function rankedProbabilityScore(
  tf: TensorFlow,
  logits: tfjs.Tensor2D,
  targets: tfjs.Tensor2D,
): tfjs.Scalar {
  const predicted = tf.matMul(tf.softmax(logits), cumulative(tf));
  const actual = tf.matMul(targets, cumulative(tf));
  return predicted.sub(actual).square().sum(1).mean() as tfjs.Scalar;
}

/** Upper triangle of ones: distribution times this is its running sum. */
function cumulative(tf: TensorFlow): tfjs.Tensor2D {
  return tf.tensor2d(
    Array.from({ length: LEVELS }, (_, row) =>
      Array.from({ length: LEVELS }, (_, column) => (column >= row ? 1 : 0)),
    ),
  );
}
