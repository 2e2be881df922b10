import { LEVELS } from "../focus/levels.js";
import type { FocusModel } from "../focus/model.js";
import { PATCH_PX } from "../frames/frame.js";
import { networkNamed } from "../networks/registry.js";
import type { TensorFlow } from "../networks/tensorflow.js";
import { TensorflowNetwork } from "../networks/tensorflow-network.js";
import { type Batch, NO_LEVEL } from "./batch-maker.js";
import { BatchStream } from "./batch-stream.js";
import type { CurvePoint } from "./checkpoint.js";
import type { ImageSet } from "./image-set.js";
import { rankedProbabilityScore, targetDistributions } from "./loss.js";
import type { Recipe } from "./recipe.js";

const HELD_OUT_BATCHES = 12;

/** How well a network judges patches of fields that it was not trained on. */
export type HeldOutScore = Pick<CurvePoint, "heldOutLoss" | "heldOutExact" | "heldOutWithinOne">;

/** The same patches of held-out fields each time, in every run of one seed. */
export async function heldOutBatches(
  images: Pick<ImageSet, "heldOut">,
  recipe: Recipe,
  seed: number,
  threads: number,
  count = HELD_OUT_BATCHES,
): Promise<Batch[]> {
  const stream = new BatchStream({
    images: images.heldOut,
    recipe,
    seed: seed + 1,
    threads,
    ahead: HELD_OUT_BATCHES,
    first: 0,
  });
  stream.start();
  const batches: Batch[] = [];
  while (batches.length < count) batches.push(await stream.next());
  await stream.stop();
  return batches;
}

/** Judges them. */
export function heldOutScore(
  tf: TensorFlow,
  network: TensorflowNetwork,
  heldOut: readonly Batch[],
): HeldOutScore {
  let [loss, exact, withinOne, count] = [0, 0, 0, 0];
  for (const batch of heldOut) {
    const [batchLoss, predicted] = tf.tidy(() => {
      const logits = network.logits(patchTensor(tf, batch));
      const score = rankedProbabilityScore(tf, logits, targetTensor(tf, batch));
      return [score.dataSync()[0]!, logits.argMax(1).dataSync()] as const;
    });
    loss += batchLoss;
    batch.levels.forEach((level, i) => {
      if (level === NO_LEVEL) return;
      const distance = Math.abs(level - predicted[i]!);
      exact += distance <= 0.5 ? 1 : 0;
      withinOne += distance <= 1 ? 1 : 0;
      count++;
    });
  }
  return {
    heldOutLoss: loss / heldOut.length,
    heldOutExact: exact / count,
    heldOutWithinOne: withinOne / count,
  };
}

/** How well another model judges them. */
export async function scoreOfModel(
  tf: TensorFlow,
  model: FocusModel,
  heldOut: readonly Batch[],
): Promise<HeldOutScore> {
  const network = new TensorflowNetwork(tf, networkNamed(model.card.network), await model.weights());
  try {
    return heldOutScore(tf, network, heldOut);
  } finally {
    network.dispose();
  }
}

/** Patches of a batch, [patches, side, side, 1]. */
export function patchTensor(tf: TensorFlow, batch: Batch) {
  return tf.tensor4d(batch.patches, [batch.levels.length, PATCH_PX, PATCH_PX, 1]);
}

/** What they should be judged as, [patches, levels]. */
export function targetTensor(tf: TensorFlow, batch: Batch) {
  return tf.tensor2d(targetDistributions(batch.levels), [batch.levels.length, LEVELS]);
}
