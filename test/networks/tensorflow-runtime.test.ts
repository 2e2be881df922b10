import { describe, expect, it } from "vitest";
import { EngineError, isParfocalError, UnknownNameError } from "../../src/errors.js";
import { compact } from "../../src/networks/compact.js";
import { TensorflowNetwork } from "../../src/networks/tensorflow-network.js";
import { startTensorFlow } from "../../src/networks/tensorflow-runtime.js";
import { randomWeights } from "../helpers/models.js";
import { runtime } from "../helpers/wasm-runtime.js";

describe("startTensorFlow", () => {
  it("lists the known backends for an unknown one", async () => {
    const error: unknown = await startTensorFlow("tpu").catch((e: unknown) => e);
    expect(error).toBeInstanceOf(UnknownNameError);
    expect((error as Error).message).toBe('unknown TensorFlow backend "tpu"; known: gpu, native, wasm');
  });

  it("starts WebAssembly everywhere and says so in one line", () => {
    expect(runtime.name).toBe("wasm");
    expect(runtime.description).toMatch(/^TensorFlow\.js [\d.]+, WebAssembly$/);
  });

  it("says what to do where a backend that was asked for does not start", async () => {
    const error: unknown = await startTensorFlow("gpu").catch((e: unknown) => e);
    if (!isParfocalError(error)) return expect((error as typeof runtime).name).toBe("gpu");
    expect(error).toBeInstanceOf(EngineError);
    expect(error.message).toMatch(/tfjs-node-gpu: .*scripts\/install-tensorflow/);
    expect(error.message).not.toMatch(/\n/);
  });
});

describe("TensorflowNetwork", () => {
  const { tf } = runtime;

  it("refuses weights that do not fit and names the first that does not", () => {
    const weights = new Map(randomWeights(compact, 1));
    weights.set("conv2/weights", { shape: [1], values: new Float32Array(1) });
    expect(() => new TensorflowNetwork(tf, compact, weights)).toThrow(
      /conv2\/weights is missing or not of shape \[3, 3, 16, 32\]/,
    );
  });

  it("gives back the weights it was made of, bit for bit, and frees all its tensors", async () => {
    const weights = randomWeights(compact, 1);
    const before = tf.memory().numTensors;
    const network = new TensorflowNetwork(tf, compact, weights);
    expect(await network.weights()).toEqual(weights);
    network.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });
});
