import { describe, expect, it } from "vitest";
import { TrainingError } from "../../src/errors.js";
import { compact } from "../../src/networks/compact.js";
import { CONTENT_TENSORS } from "../../src/networks/content.js";
import { medium } from "../../src/networks/medium.js";
import type { Weights, WeightTensor } from "../../src/networks/weights.js";
import { yang2018 } from "../../src/networks/yang2018.js";
import { checkExport, EXPORT_TOLERANCE } from "../../src/training/export-check.js";
import { sharedSpots } from "../helpers/images.js";
import { randomReading, randomWeights } from "../helpers/models.js";
import { runtime } from "../helpers/wasm-runtime.js";

const { tf } = runtime;

describe("checkExport", () => {
  it("finds every layer of the compact network's graph equal to the TensorFlow.js network to 1e-4", async () => {
    const difference = await checkExport(tf, compact, randomWeights(compact, 2), sharedSpots(200, 130, 1));
    expect(EXPORT_TOLERANCE).toBe(1e-4);
    expect(difference).toBeLessThan(1e-4);
    expect(difference).toBeGreaterThan(0);
  });

  it("finds every layer of the paper's network's graph equal to the TensorFlow.js network to 1e-4", async () => {
    expect(await checkExport(tf, yang2018, randomWeights(yang2018, 2), sharedSpots(84, 84, 1))).toBeLessThan(
      1e-4,
    );
  });

  it("finds every layer of the medium network's graph equal, whose filters are filled up to whole blocks", async () => {
    const difference = await checkExport(tf, medium, randomWeights(medium, 2), sharedSpots(200, 130, 1));
    expect(difference).toBeLessThan(1e-4);
  });

  it("finds what the graph tells of content equal, too, and names it where it differs", async () => {
    const weights = new Map([...randomWeights(medium, 2), ...randomReading(192, 3)]);
    expect(await checkExport(tf, medium, weights, sharedSpots(200, 130, 1))).toBeLessThan(1e-4);

    const changing = new ChangingWeights(weights, CONTENT_TENSORS.structureBias);
    await expect(checkExport(tf, medium, changing, sharedSpots(84, 84, 1))).rejects.toThrow(
      /differs from the trained network by [\d.e-]+ after structure/,
    );
  });

  it("names the layer behind which graph and network differ, when one weight of conv3 changes between the two", async () => {
    const weights = new ChangingWeights(randomWeights(compact, 2), "conv3/weights");
    const error: unknown = await checkExport(tf, compact, weights, sharedSpots(84, 84, 1)).catch(
      (e: unknown) => e,
    );
    expect(error).toBeInstanceOf(TrainingError);
    expect((error as Error).message).toMatch(
      /differs from the trained network by [\d.e-]+ after layer 4 \(convolution\)/,
    );
    expect(compact.layers[4]).toMatchObject({ name: "conv3" });
  });

  it.each([
    ["of one value", 65_535, 0],
    ["that are flat but for a few counts", 65_535, 1],
  ])("does not compare patches %s, whose rounding errors their spread enlarges", async (_, value, less) => {
    const image = sharedSpots(200, 130, 1);
    for (let i = 0; i < image.pixels.length; i++) {
      if (i % 200 >= 90) image.pixels[i] = value - (i % 97 === 0 ? less : 0);
    }
    expect(await checkExport(tf, compact, randomWeights(compact, 2), image)).toBeLessThan(1e-4);
  });

  it("frees all its tensors", async () => {
    const before = tf.memory().numTensors;
    await checkExport(tf, compact, randomWeights(compact, 2), sharedSpots(84, 84, 1));
    expect(tf.memory().numTensors).toBe(before);
  });
});

/** Weights of which one tensor is another from its second reading on: what is exported is not what is checked. */
class ChangingWeights extends Map<string, WeightTensor> {
  readonly #changing: string;
  #readings = 0;

  constructor(weights: Weights, changing: string) {
    super(weights);
    this.#changing = changing;
  }

  override get(name: string): WeightTensor | undefined {
    const tensor = super.get(name);
    if (name !== this.#changing || tensor === undefined || this.#readings++ === 0) return tensor;
    const values = tensor.values.slice();
    values[Math.min(100, values.length - 1)]! += 0.05;
    return { ...tensor, values };
  }
}
