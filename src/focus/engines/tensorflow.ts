import type { Tensor, Tensor2D } from "@tensorflow/tfjs";
import type { Frame } from "../../frames/frame.js";
import { PATCH_PX } from "../../frames/frame.js";
import { contentReadingOf, givesFeatures, readContent } from "../../networks/content.js";
import { networkNamed } from "../../networks/registry.js";
import { TensorflowNetwork } from "../../networks/tensorflow-network.js";
import { startTensorFlow } from "../../networks/tensorflow-runtime.js";
import { certaintyOf, summaryOf } from "../certainty.js";
import { LEVELS } from "../levels.js";
import type { FocusModel } from "../model.js";
import { cutPatches } from "../tiling.js";
import type { EngineOptions, FocusEngine, PatchScores } from "./engine.js";

/** TensorFlow.js on the model's weights; devices `gpu`, `native`, `wasm`, default the first that loads. */
export async function startTensorflowEngine(
  model: FocusModel,
  { device }: EngineOptions,
): Promise<FocusEngine> {
  const { tf, description } = await startTensorFlow(device === "auto" ? undefined : device);
  const weights = await model.weights();
  const network = new TensorflowNetwork(tf, networkNamed(model.card.network), weights);
  const reading = contentReadingOf(weights);

  async function run(frame: Frame): Promise<PatchScores> {
    const { rows, columns, patches } = cutPatches(frame);
    const count = rows * columns;
    const outputs = tf.tidy(() => {
      let content: { structure: Tensor; strangeness: Tensor } | undefined;
      const input = tf.tensor4d(patches, [count, PATCH_PX, PATCH_PX, 1]);
      const logits = network.logits(input, undefined, (layer, output) => {
        if (reading && givesFeatures(layer)) content = readContent(tf, reading, output as Tensor2D);
      });
      return { probabilities: logits.softmax() as Tensor, ...content };
    });
    const values = async (tensor: Tensor) => {
      const read = Float32Array.from(await tensor.data<"float32">());
      tensor.dispose();
      return read;
    };
    const { structure, strangeness } = outputs;
    const probabilities = await values(outputs.probabilities);
    const content = structure &&
      strangeness && { structures: await values(structure), strangenesses: await values(strangeness) };
    const certainties = Float32Array.from({ length: count }, (_, i) =>
      certaintyOf(probabilities.subarray(i * LEVELS, (i + 1) * LEVELS)),
    );
    return { probabilities, certainties, ...summaryOf(probabilities, certainties), ...content };
  }

  return { description, run, dispose: async () => network.dispose() };
}
