import type * as tfjs from "@tensorflow/tfjs";
import { BATCH_NORM_EPSILON } from "./architecture.js";
import type { TensorFlow } from "./tensorflow.js";

/** What a batch was normalised by, each [channels]; kept: the caller disposes them. */
export interface BatchMoments {
  readonly mean: tfjs.Tensor;
  readonly variance: tfjs.Tensor;
}

/**
 * Batch normalisation by the batch's own moments, then ReLU, with the closed form of the gradient: composed of small
 * operations it takes three times as long, most of a training step.
 * @param input [batch, height, width, channels]
 * @param gamma scale, [channels]
 * @param beta shift, [channels]
 * @param onMoments sees mean and variance of each channel.
 */
export function batchNormRelu(
  tf: TensorFlow,
  input: tfjs.Tensor4D,
  gamma: tfjs.Tensor,
  beta: tfjs.Tensor,
  onMoments: (moments: BatchMoments) => void,
): tfjs.Tensor4D {
  const perChannel = [0, 1, 2];
  const count = input.size / gamma.size;
  const operation = tf.customGrad((...given) => {
    const [x, scale, shift, save] = given as [
      tfjs.Tensor,
      tfjs.Tensor,
      tfjs.Tensor,
      (tensors: tfjs.Tensor[]) => void,
    ];
    const { mean, variance } = tf.moments(x, perChannel);
    const inverse = variance.add(BATCH_NORM_EPSILON).rsqrt();
    const slope = scale.mul(inverse);
    const value = x
      .mul(slope)
      .add(shift.sub(mean.mul(slope)))
      .relu();
    onMoments({ mean: tf.keep(mean.clone()), variance: tf.keep(variance.clone()) });
    save([x, value, mean, inverse, slope]);
    const gradFunc = (upstream: tfjs.Tensor, saved: tfjs.Tensor[]) => {
      const [x, value, mean, inverse, slope] = saved as [
        tfjs.Tensor,
        tfjs.Tensor,
        tfjs.Tensor,
        tfjs.Tensor,
        tfjs.Tensor,
      ];
      const passed = upstream.mul(value.greater(0).cast("float32"));
      const ofShift = passed.sum(perChannel);
      const ofScale = passed.mul(x).sum(perChannel).sub(mean.mul(ofShift)).mul(inverse);
      // d/dx = slope (g - mean(g) - xhat mean(g xhat)), gathered by powers of x.
      const linear = slope.mul(inverse).mul(ofScale).div(-count);
      const constant = slope.mul(ofShift).div(-count).sub(mean.mul(linear));
      return [passed.mul(slope).add(x.mul(linear)).add(constant), ofScale, ofShift];
    };
    return { value, gradFunc };
  });
  return operation(input, gamma, beta) as tfjs.Tensor4D;
}
