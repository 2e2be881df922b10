/**
 * Fits what tells content from empty patches and from what was never met (`networks/content.ts`), once a network is trained,
 * on the features that it has by then. No weight of the network changes, so no level does.
 * @module
 */
import type * as tfjs from "@tensorflow/tfjs";
import { certaintyOf } from "../focus/certainty.js";
import { SHOWS_SOMETHING } from "../focus/content.js";
import { LEVELS } from "../focus/levels.js";
import type { Architecture } from "../networks/architecture.js";
import { type ContentReading, givesFeatures } from "../networks/content.js";
import type { TensorFlow } from "../networks/tensorflow.js";
import { TensorflowNetwork } from "../networks/tensorflow-network.js";
import type { Weights } from "../networks/weights.js";
import { type Batch, NO_LEVEL } from "./batch-maker.js";
import { BatchStream } from "./batch-stream.js";
import { rowsOf } from "./feature-rows.js";
import { fitStructure } from "./fit-structure.js";
import { patchTensor } from "./held-out.js";
import type { ImageSet } from "./image-set.js";
import type { Recipe } from "./recipe.js";
import { whiteningOf } from "./whitening.js";

/** Batches that are looked at: a tenth of those of the training, or all of these where there was none. */
const [MOST_BATCHES, SHARE_OF_TRAINING] = [400, 0.1];
/** Fewer patches with structure, or without, tell nothing that could be relied on. */
const LEAST_PATCHES = 2000;
/** Half of the patches show nothing. */
const EMPTY_SHARE = 0.5;
/** Of the others, at least so many in all but strange images show something. */
const SHOWING_SHARE = 0.6;

export interface ContentFitOptions {
  readonly tf: TensorFlow;
  readonly architecture: Architecture;
  readonly weights: Weights;
  readonly images: Pick<ImageSet, "training">;
  readonly recipe: Recipe;
  readonly seed: number;
  readonly threads: number;
  /** Steps that the network was trained for. */
  readonly steps: number;
  /** Whether the model that it was trained from tells: so must this one, however short the training. */
  readonly isExpected: boolean;
  readonly onProgress?: (share: number) => void;
}

/** The reading; undefined for a network without features, and after a training too short to give examples enough. */
export async function fitContent(options: ContentFitOptions): Promise<ContentReading | undefined> {
  const { tf, architecture, weights, images, recipe, seed, threads } = options;
  const batches = batchesOf(options);
  const isTooFew = EMPTY_SHARE * batches * recipe.batchSize < LEAST_PATCHES;
  if (isTooFew || !architecture.layers.some(givesFeatures)) return undefined;
  const network = new TensorflowNetwork(tf, architecture, weights);
  const stream = new BatchStream({
    images: images.training,
    recipe: { ...recipe, emptyShare: EMPTY_SHARE },
    // Patches that the network was not trained on.
    seed: seed + 2,
    threads,
    ahead: 4 * threads,
    first: 0,
  });
  stream.start();
  const content: Float32Array[] = [];
  const empty: Float32Array[] = [];
  try {
    for (let i = 0; i < batches; i++) {
      const batch = await stream.next();
      const { features, certainties } = look(tf, network, batch);
      for (const [patch, row] of features.entries()) {
        if (batch.levels[patch] === NO_LEVEL) empty.push(row);
        // Those that fall where nothing is to be seen are no example of structure.
        else if (certainties[patch]! >= SHOWS_SOMETHING) content.push(row);
      }
      options.onProgress?.((i + 1) / batches);
    }
  } finally {
    await stream.stop();
    network.dispose();
  }
  if (Math.min(content.length, empty.length) < LEAST_PATCHES) return undefined;
  const [shown, nothing] = [rowsOf(content), rowsOf(empty)];
  return { ...(await fitStructure(tf, shown, nothing, seed)), ...whiteningOf(shown) };
}

/** How many batches are looked at. */
function batchesOf({ steps, isExpected, recipe }: ContentFitOptions): number {
  if (steps === 0) return MOST_BATCHES;
  const enough = Math.ceil(LEAST_PATCHES / (EMPTY_SHARE * SHOWING_SHARE * recipe.batchSize));
  const least = isExpected ? enough : 0;
  return Math.min(MOST_BATCHES, Math.max(least, Math.floor(SHARE_OF_TRAINING * steps)));
}

/** Features and certainty of each patch of a batch. */
function look(tf: TensorFlow, network: TensorflowNetwork, batch: Batch) {
  let features: tfjs.Tensor | undefined;
  const [values, probabilities, width] = tf.tidy(() => {
    const logits = network.logits(patchTensor(tf, batch), undefined, (layer, output) => {
      if (givesFeatures(layer)) features = output;
    });
    return [
      features!.dataSync<"float32">().slice(),
      logits.softmax().dataSync<"float32">().slice(),
      features!.shape[1]!,
    ] as const;
  });
  const patches = batch.levels.length;
  const rowOf = (all: Float32Array, patch: number, size: number) =>
    all.subarray(patch * size, (patch + 1) * size);
  return {
    features: Array.from({ length: patches }, (_, patch) => rowOf(values, patch, width)),
    certainties: Array.from({ length: patches }, (_, patch) =>
      certaintyOf(rowOf(probabilities, patch, LEVELS)),
    ),
  };
}
