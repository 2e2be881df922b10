import { describe, expect, it } from "vitest";
import { compact } from "../../src/networks/compact.js";
import { checkExport } from "../../src/training/export-check.js";
import { sharedSpots } from "../helpers/images.js";
import { native, WHERE_NATIVE_LOADS } from "../helpers/native-runtime.js";
import { runTrainer } from "./run-trainer.js";

describe.runIf(native)(`Trainer on ${WHERE_NATIVE_LOADS}`, () => {
  const { tf } = native ?? {};

  it("runs on TensorFlow's own library and names its version", () => {
    expect(tf!.getBackend()).toBe("tensorflow");
    expect(native!.description).toMatch(/^TensorFlow 2\.\d+\.\d+, native CPU/);
  });

  it("gives after 6 steps, a stop and 6 more exactly the weights of 12 unbroken steps", async () => {
    const unbroken = await runTrainer(tf!);
    const half = await runTrainer(tf!, { stopAfter: 6 });
    const resumed = await runTrainer(tf!, { from: half.checkpointPath });
    expect(resumed.result.weights).toEqual(unbroken.result.weights);
    expect(unbroken.result.curve.every(({ loss }) => Number.isFinite(loss))).toBe(true);
  });

  it("exports what it trained: every layer of the ONNX graph equals the network to 1e-4", async () => {
    const { result } = await runTrainer(tf!, { steps: 4 });
    expect(await checkExport(tf!, compact, result.weights, sharedSpots(170, 100, 5))).toBeLessThan(1e-4);
  });

  it("keeps the number of tensors from step to step", async () => {
    const before = tf!.memory().numTensors;
    const { tensors } = await runTrainer(tf!, { steps: 4 });
    expect(new Set(tensors).size).toBe(1);
    expect(tf!.memory().numTensors).toBe(before);
  });
});
