import type { Frame } from "../../frames/frame.js";
import { PATCH_PX } from "../../frames/frame.js";
import { networkNamed } from "../../networks/registry.js";
import { TensorflowNetwork } from "../../networks/tensorflow-network.js";
import { startTensorFlow } from "../../networks/tensorflow-runtime.js";
import { certaintyOf, summaryOf } from "../certainty.js";
import type { FocusModel } from "../model.js";
import { LEVELS } from "../report.js";
import { cutPatches } from "../tiling.js";
import type { EngineOptions, FocusEngine, PatchScores } from "./engine.js";

/** TensorFlow.js on the model's weights; devices `gpu`, `native`, `wasm`, default the first that loads. */
export async function startTensorflowEngine(
  model: FocusModel,
  { device }: EngineOptions,
): Promise<FocusEngine> {
  const { tf, description } = await startTensorFlow(device === "auto" ? undefined : device);
  const network = new TensorflowNetwork(tf, networkNamed(model.card.network), await model.weights());

  async function run(frame: Frame): Promise<PatchScores> {
    const { rows, columns, patches } = cutPatches(frame);
    const count = rows * columns;
    const output = tf.tidy(() =>
      network.logits(tf.tensor4d(patches, [count, PATCH_PX, PATCH_PX, 1])).softmax(),
    );
    const probabilities = Float32Array.from(await output.data<"float32">());
    output.dispose();
    const certainties = Float32Array.from({ length: count }, (_, i) =>
      certaintyOf(probabilities.subarray(i * LEVELS, (i + 1) * LEVELS)),
    );
    return { probabilities, certainties, ...summaryOf(probabilities, certainties) };
  }

  return { description, run, dispose: async () => network.dispose() };
}
