import type * as tfjs from "@tensorflow/tfjs";
import { LEVELS } from "../focus/report.js";
import type { TensorFlow } from "../networks/tensorflow-network.js";

/**
 * Ranked probability score: mean over the batch of the sum over k of (CDF_predicted,k - CDF_true,k)^2.
 * Source: Yang et al. 2018, Methods; `miq.py` of the original (without the factor 1/(K - 1)).
 * @param logits [batch, 11]
 * @param levels true levels, int32 [batch]
 */
export function rankedProbabilityScore(
  tf: TensorFlow,
  logits: tfjs.Tensor2D,
  levels: tfjs.Tensor1D,
): tfjs.Scalar {
  const predicted = tf.matMul(tf.softmax(logits), cumulative(tf));
  const actual = tf.matMul(tf.oneHot(levels, LEVELS).cast("float32") as tfjs.Tensor2D, cumulative(tf));
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
