/**
 * What a trained network's own features tell beside the level: whether a patch shows structure at all, and how far it is from
 * all that the network was trained on. Both are read off the features of a patch, the mean and maximum of each channel before
 * the first dense layer, and change nothing of its level.
 *
 * - `structure`: log odds that a patch has structure: w2 relu(w1 features + b1) + b2.
 * - `strangeness`: root mean square of (features - mean) x whitening: 1 for an average patch of the training, more the less
 *   it is like any (Mahalanobis' distance over the square root of the number of features). Source: Lee et al. 2018, A simple
 *   unified framework for detecting out-of-distribution samples, section 2.1, without classes.
 * @module
 */
import type * as tfjs from "@tensorflow/tfjs";
import type { Layer } from "./architecture.js";
import type { TensorFlow } from "./tensorflow.js";
import type { Weights, WeightTensor } from "./weights.js";

/** The tensors of the reading, beside those of the network, by what they are for. */
export const CONTENT_TENSORS = {
  /** [features, hidden] and [hidden]. */
  hidden: "content/hidden/weights",
  hiddenBias: "content/hidden/biases",
  /** [hidden, 1] and [1]. */
  structure: "content/structure/weights",
  structureBias: "content/structure/biases",
  /** [features, features] and [features]: features x whitening + offset has mean 0 and deviation 1. */
  whitening: "content/whitening/weights",
  whiteningOffset: "content/whitening/biases",
} as const;

export type ContentReading = Readonly<Record<keyof typeof CONTENT_TENSORS, WeightTensor>>;

/** The reading that a model has; undefined where it has none: older models, those of others, and networks without features. */
export function contentReadingOf(weights: Weights): ContentReading | undefined {
  const tensors = Object.entries(CONTENT_TENSORS).flatMap(([key, name]) => {
    const tensor = weights.get(name);
    return tensor === undefined ? [] : [[key, tensor] as const];
  });
  if (tensors.length < Object.keys(CONTENT_TENSORS).length) return undefined;
  return Object.fromEntries(tensors) as unknown as ContentReading;
}

/** Weights with a reading beside them. */
export function withContentReading(weights: Weights, reading: ContentReading): Weights {
  const named = Object.entries(CONTENT_TENSORS) as [keyof ContentReading, string][];
  return new Map([...weights, ...named.map(([key, name]) => [name, reading[key]] as const)]);
}

/** Whether a layer gives the features. */
export function givesFeatures({ kind }: Layer): boolean {
  return kind === "global-mean-max";
}

/** Reads features in TensorFlow.js. @param features [patches, features] @returns [patches, 1] each */
export function readContent(
  tf: TensorFlow,
  reading: ContentReading,
  features: tfjs.Tensor2D,
): { structure: tfjs.Tensor2D; strangeness: tfjs.Tensor2D } {
  const dense = (input: tfjs.Tensor2D, weights: WeightTensor, biases: WeightTensor) =>
    tf
      .matMul(input, tf.tensor2d(weights.values, weights.shape as [number, number]))
      .add(tf.tensor1d(biases.values)) as tfjs.Tensor2D;
  const hidden = dense(features, reading.hidden, reading.hiddenBias).relu() as tfjs.Tensor2D;
  const white = dense(features, reading.whitening, reading.whiteningOffset);
  return {
    structure: dense(hidden, reading.structure, reading.structureBias),
    strangeness: white.square().mean(1, true).sqrt() as tfjs.Tensor2D,
  };
}
