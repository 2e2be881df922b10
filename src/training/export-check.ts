import type { Tensor2D } from "@tensorflow/tfjs";
import ort from "onnxruntime-node";
import { TrainingError } from "../errors.js";
import { withoutTelemetry } from "../focus/engines/telemetry.js";
import { cutPatches } from "../focus/tiling.js";
import { PATCH_PX } from "../frames/frame.js";
import type { Architecture } from "../networks/architecture.js";
import { contentReadingOf, givesFeatures, readContent } from "../networks/content.js";
import type { TensorFlow } from "../networks/tensorflow.js";
import { TensorflowNetwork } from "../networks/tensorflow-network.js";
import type { Weights } from "../networks/weights.js";
import { exportNetwork } from "../onnx/export-network.js";
import type { SharedImage } from "./region.js";

/** Largest difference allowed between a value of the exported graph and the trained network's, of its scale. */
export const EXPORT_TOLERANCE = 1e-4;

/**
 * Patches whose spread is a smaller share of their mean than this are not compared: the mean is off by a rounding error, and
 * dividing by the spread makes much of it. Empty corners of stitched images and saturated areas are such patches.
 */
const LEAST_SPREAD = 1e-3;

/**
 * Runs the exported graph and the trained network on one image and compares them layer by layer, and what they tell of content.
 * @returns the largest difference, relative to the layer's largest value where that is above 1.
 * @throws TrainingError naming the layer when a difference exceeds 1e-4.
 */
export async function checkExport(
  tf: TensorFlow,
  architecture: Architecture,
  weights: Weights,
  image: SharedImage,
): Promise<number> {
  withoutTelemetry();
  const { width, height } = image;
  const pixels = Uint16Array.from(image.pixels);
  const session = await ort.InferenceSession.create(
    exportNetwork(architecture, weights, { exposeLayers: true }),
    {
      executionProviders: ["cpu"],
    },
  );
  const outputs = await session.run({ frame: new ort.Tensor("uint16", pixels, [height, width]) });
  await session.release();

  const network = new TensorflowNetwork(tf, architecture, weights);
  const { rows, columns, patches } = cutPatches({ width, height, pixels });
  const compared = Array.from({ length: rows * columns }, (_, i) =>
    isStandardisable(patches.subarray(i * PATCH_PX ** 2, (i + 1) * PATCH_PX ** 2)),
  );
  let worst = 0;
  const reading = contentReadingOf(weights);
  const compare = (expected: ArrayLike<number>, exported: ort.Tensor, what: string) => {
    const difference = relativeDifference(expected, exported.data as Float32Array, compared);
    if (!(difference <= EXPORT_TOLERANCE)) {
      throw new TrainingError(
        `the exported graph differs from the trained network by ${difference} after ${what}`,
      );
    }
    worst = Math.max(worst, difference);
  };
  tf.tidy(() => {
    let index = 0;
    const input = tf.tensor4d(patches, [rows * columns, PATCH_PX, PATCH_PX, 1]);
    network.logits(input, undefined, (layer, output) => {
      const exported = outputs[`layer_${index++}`];
      // Flattened values come in another order; the dense layer behind them is compared instead.
      if (!exported || layer.kind === "flatten") return;
      const expected = (output.rank === 4 ? tf.transpose(output, [0, 3, 1, 2]) : output).dataSync();
      compare(expected, exported, `layer ${index - 1} (${layer.kind})`);
      if (!reading || !givesFeatures(layer)) return;
      for (const [name, tensor] of Object.entries(readContent(tf, reading, output as Tensor2D))) {
        compare(tensor.dataSync(), outputs[name]!, name);
      }
    });
  });
  network.dispose();
  return worst;
}

function isStandardisable(patch: Float32Array): boolean {
  const mean = patch.reduce((sum, value) => sum + value, 0) / patch.length;
  const variance = patch.reduce((sum, value) => sum + (value - mean) ** 2, 0) / patch.length;
  return Math.sqrt(variance) > LEAST_SPREAD * mean;
}

/** @param compared which patches count; each has as many values as the others. */
function relativeDifference(
  expected: ArrayLike<number>,
  actual: ArrayLike<number>,
  compared: readonly boolean[],
): number {
  if (expected.length !== actual.length) return Number.NaN;
  const valuesOfPatch = expected.length / compared.length;
  let [largest, scale] = [0, 1];
  for (let i = 0; i < expected.length; i++) {
    if (!compared[Math.floor(i / valuesOfPatch)]) continue;
    largest = Math.max(largest, Math.abs(expected[i]! - actual[i]!));
    scale = Math.max(scale, Math.abs(expected[i]!));
  }
  return largest / scale;
}
