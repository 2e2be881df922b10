import { describe, expect, it } from "vitest";
import type { Architecture } from "../../src/networks/architecture.js";
import { compact } from "../../src/networks/compact.js";
import { medium } from "../../src/networks/medium.js";
import { TensorflowNetwork } from "../../src/networks/tensorflow-network.js";
import type { Weights } from "../../src/networks/weights.js";
import { yang2018 } from "../../src/networks/yang2018.js";
import { Random } from "../../src/optics/random.js";
import { initialWeights } from "../../src/training/initial-weights.js";
import { widened } from "../../src/training/widen.js";
import { largestDifference } from "../helpers/golden.js";
import { runtime } from "../helpers/wasm-runtime.js";

const { tf } = runtime;

/** Two layers of convolution behind which the patch is flattened. */
const flat = (filters: number): Architecture => ({
  name: `flat${filters}`,
  description: "for the test",
  layers: [
    { kind: "scale", factor: 0.01 },
    {
      kind: "convolution",
      name: "conv1",
      kernelPx: 5,
      filters,
      stride: 8,
      padding: "valid",
      batchNorm: false,
    },
    { kind: "flatten" },
    { kind: "dense", name: "dense1", units: 2 * filters, relu: true },
    { kind: "dense", name: "dense2", units: 11, relu: false },
  ],
});

async function logits(architecture: Architecture, weights: Weights): Promise<Float32Array> {
  const network = new TensorflowNetwork(tf, architecture, weights);
  const random = new Random(5);
  const patches = tf.tensor4d(
    Float32Array.from({ length: 3 * 84 * 84 }, () => 1000 + 100 * random.normal()),
    [3, 84, 84, 1],
  );
  const output = network.logits(patches);
  const values = Float32Array.from(await output.data<"float32">());
  tf.dispose([patches, output]);
  network.dispose();
  return values;
}

describe("widened", () => {
  it.each([
    [compact, medium],
    [flat(3), flat(8)],
  ])("gives a wider network the answers of the narrow one", async (narrow, wide) => {
    const weights = initialWeights(narrow, 3);
    const spread = widened(weights, narrow, wide, new Random(1), 0);
    expect(largestDifference(await logits(wide, spread), await logits(narrow, weights))).toBeLessThan(1e-4);
  });

  it("changes the copies a little, so that they can learn something else, and the answers hardly", async () => {
    const weights = initialWeights(compact, 3);
    const spread = widened(weights, compact, medium, new Random(1));
    const first = spread.get("conv1/weights")!.values;
    const original = Array.from({ length: 16 }, (_, place) => first[place * 24]!);
    const copy = Array.from({ length: 16 }, (_, place) => first[place * 24 + 16]!);
    expect(copy).not.toEqual(original);
    const before = await logits(compact, weights);
    const difference = largestDifference(await logits(medium, spread), before);
    expect(difference).toBeGreaterThan(0);
    expect(difference).toBeLessThan(0.3 * Math.max(...before.map(Math.abs)));
  });

  it("refuses a network of other layers, and one that is narrower", () => {
    const weights = initialWeights(medium, 3);
    expect(() => widened(weights, medium, yang2018, new Random(1))).toThrow(/more than the width/);
    expect(() => widened(weights, medium, compact, new Random(1))).toThrow(
      /conv1 would shrink from 24 to 16/,
    );
  });
});
