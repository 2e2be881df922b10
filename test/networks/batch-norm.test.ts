import type { Tensor, Tensor4D } from "@tensorflow/tfjs";
import { afterAll, describe, expect, it } from "vitest";
import { BATCH_NORM_EPSILON } from "../../src/networks/architecture.js";
import { batchNormRelu } from "../../src/networks/batch-norm.js";
import { Random } from "../../src/optics/random.js";
import { largestDifference } from "../helpers/golden.js";
import { runtime } from "../helpers/wasm-runtime.js";

const { tf } = runtime;

/** The same, composed of TensorFlow.js operations with gradients of their own. */
function composed(x: Tensor, gamma: Tensor, beta: Tensor): Tensor {
  const { mean, variance } = tf.moments(x, [0, 1, 2]);
  return x.sub(mean).div(variance.add(BATCH_NORM_EPSILON).sqrt()).mul(gamma).add(beta).relu();
}

describe("batchNormRelu", () => {
  afterAll(async () => {
    await tf.setBackend("wasm");
  });

  it.each(["wasm", "cpu"])(
    "gives the output, the moments and the three gradients of its composition on %s",
    async (backend) => {
      await tf.setBackend(backend);
      const random = new Random(4);
      const draw = (shape: number[], mean: number) =>
        tf.tensor(
          Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => mean + random.normal()),
          shape,
        );
      const shape = [3, 6, 5, 4];
      const [x, upstream] = [draw(shape, 2), draw(shape, 0)];
      const [gamma, beta] = [draw([4], 1), draw([4], 0)];
      const moments: Tensor[] = [];
      const ours = (x: Tensor, gamma: Tensor, beta: Tensor): Tensor =>
        batchNormRelu(tf, x as Tensor4D, gamma, beta, ({ mean, variance }) => moments.push(mean, variance));
      const values = async (f: typeof composed) => {
        const tensors = [f(x, gamma, beta), ...tf.grads(f)([x, gamma, beta], upstream)];
        return Promise.all(tensors.map((tensor) => tensor.data<"float32">()));
      };
      const [actual, expected] = [await values(ours), await values(composed)];
      for (const [i, value] of actual.entries())
        expect(largestDifference(value, expected[i]!)).toBeLessThan(2e-5);
      const { mean, variance } = tf.moments(x, [0, 1, 2]);
      expect(await moments[0]!.data()).toEqual(await mean.data());
      expect(await moments[1]!.data()).toEqual(await variance.data());
    },
  );
});
