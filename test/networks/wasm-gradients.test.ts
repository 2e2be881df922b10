import type { Tensor } from "@tensorflow/tfjs";
import { afterAll, describe, expect, it } from "vitest";
import { Random } from "../../src/optics/random.js";
import { largestDifference } from "../helpers/golden.js";
import { runtime } from "../helpers/wasm-runtime.js";

const { tf } = runtime;

interface Convolution {
  readonly height: number;
  readonly width: number;
  readonly kernel: readonly [number, number];
  readonly stride: number;
  readonly padding: "same" | "valid";
}

const cases: Convolution[] = [1, 2].flatMap((stride) =>
  (["same", "valid"] as const).flatMap((padding) => [
    { height: 12, width: 12, kernel: [3, 3], stride, padding } as const,
    { height: 13, width: 9, kernel: [5, 5], stride, padding } as const,
    { height: 7, width: 10, kernel: [4, 4], stride, padding } as const,
    { height: 11, width: 8, kernel: [1, 2], stride, padding } as const,
  ]),
);

/** Gradients by input and by filter of a weighted sum of the convolution's outputs, computed on one backend. */
async function gradientsOn(backend: "wasm" | "cpu", { height, width, kernel, stride, padding }: Convolution) {
  await tf.setBackend(backend);
  const random = new Random(height * 31 + width);
  const draw = (shape: number[]) =>
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal());
  const [inputShape, filterShape] = [
    [3, height, width, 2],
    [...kernel, 2, 5],
  ] as [[number, number, number, number], [number, number, number, number]];
  const [input, filter] = [
    tf.tensor4d(draw(inputShape), inputShape),
    tf.tensor4d(draw(filterShape), filterShape),
  ];
  const outputShape = tf.backend_util.computeConv2DInfo(inputShape, filterShape, stride, 1, padding).outShape;
  const weights = tf.tensor(draw(outputShape), outputShape);
  const gradients = tf.grads((x: Tensor, f: Tensor) =>
    tf
      .conv2d(x as typeof input, f as typeof filter, stride, padding)
      .mul(weights)
      .sum(),
  )([input, filter]);
  const values = await Promise.all(gradients.map((gradient) => gradient.data<"float32">()));
  tf.dispose([input, filter, weights, ...gradients]);
  return values;
}

describe("the gradient kernels registered for WebAssembly", () => {
  afterAll(async () => {
    await tf.setBackend("wasm");
  });

  it.each(cases)(
    "equal TensorFlow.js's plain CPU gradients to 1e-5: $height x $width, kernel $kernel, stride $stride, $padding",
    async (convolution) => {
      const [byInput, byFilter] = await gradientsOn("wasm", convolution);
      const [byInputCpu, byFilterCpu] = await gradientsOn("cpu", convolution);
      for (const [ours, theirs] of [
        [byInput, byInputCpu],
        [byFilter, byFilterCpu],
      ] as const) {
        const scale = theirs!.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
        expect(scale).toBeGreaterThan(1);
        expect(largestDifference(ours!, theirs!) / scale).toBeLessThan(1e-5);
      }
    },
  );

  it("leave no tensor behind", async () => {
    const before = tf.memory().numTensors;
    for (const convolution of cases) await gradientsOn("wasm", convolution);
    expect(tf.memory().numTensors).toBe(before);
  });
});
