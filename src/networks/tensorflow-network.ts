import type * as tfjs from "@tensorflow/tfjs";
import { PATCH_PX } from "../frames/frame.js";
import { type Architecture, BATCH_NORM_EPSILON, type Layer, weightsOf } from "./architecture.js";
import { batchNormRelu } from "./batch-norm.js";
import type { TensorFlow } from "./tensorflow.js";
import type { Weights, WeightTensor } from "./weights.js";

const MOVING_AVERAGE_MOMENTUM = 0.99;

export interface TrainingPass {
  /** Seed of this step's dropout. */
  readonly dropoutSeed: number;
  /** Takes the new moving averages of batch normalisation, by weight name; the caller assigns and disposes them. */
  readonly movingAverages: Map<string, tfjs.Tensor>;
}

/** A network in TensorFlow.js: variables by name and a forward pass, made from an architecture. */
export class TensorflowNetwork {
  readonly architecture: Architecture;
  readonly variables = new Map<string, tfjs.Variable>();
  readonly #tf: TensorFlow;

  /** @param weights initial values; they must fit the architecture. */
  constructor(tf: TensorFlow, architecture: Architecture, weights: Weights) {
    this.#tf = tf;
    this.architecture = architecture;
    for (const spec of weightsOf(architecture, PATCH_PX)) {
      const tensor = weights.get(spec.name);
      if (!tensor || tensor.shape.join() !== spec.shape.join()) {
        throw new RangeError(`${spec.name} is missing or not of shape [${spec.shape.join(", ")}]`);
      }
      const initial = tf.tensor(tensor.values, [...spec.shape]);
      this.variables.set(spec.name, tf.variable(initial, spec.trainable));
      initial.dispose();
    }
  }

  trainableVariables(): tfjs.Variable[] {
    return [...this.variables.values()].filter((variable) => variable.trainable);
  }

  /**
   * Logits, [patches, 11], of patches of counts, [patches, 84, 84, 1].
   * @param training leave out to predict (moving averages, no dropout).
   * @param onLayer sees the output of each layer.
   */
  logits(
    patches: tfjs.Tensor4D,
    training?: TrainingPass,
    onLayer?: (layer: Layer, output: tfjs.Tensor) => void,
  ): tfjs.Tensor2D {
    let value: tfjs.Tensor = patches;
    for (const layer of this.architecture.layers) {
      value = this.#apply(layer, value, training);
      onLayer?.(layer, value);
    }
    return value as tfjs.Tensor2D;
  }

  /** The weights as plain arrays. */
  async weights(): Promise<Weights> {
    const weights = new Map<string, WeightTensor>();
    for (const [name, variable] of this.variables) {
      weights.set(name, {
        shape: variable.shape,
        values: Float32Array.from(await variable.data<"float32">()),
      });
    }
    return weights;
  }

  dispose(): void {
    for (const variable of this.variables.values()) variable.dispose();
    this.variables.clear();
  }

  #apply(layer: Layer, input: tfjs.Tensor, training: TrainingPass | undefined): tfjs.Tensor {
    const tf = this.#tf;
    switch (layer.kind) {
      case "standardise": {
        const centred = input.sub(input.mean([1, 2, 3], true));
        const deviation = centred.square().mean([1, 2, 3], true).sqrt();
        return centred.div(deviation.add(layer.floorCounts));
      }
      case "scale":
        return input.mul(layer.factor);
      case "convolution": {
        const convolved = tf.conv2d(
          input as tfjs.Tensor4D,
          this.#weight<tfjs.Tensor4D>(`${layer.name}/weights`),
          layer.stride,
          layer.padding,
        );
        return layer.batchNorm
          ? this.#batchNormRelu(layer.name, convolved, training)
          : convolved.add(this.#weight(`${layer.name}/biases`)).relu();
      }
      case "max-pool":
        return tf.maxPool(input as tfjs.Tensor4D, 2, 2, "valid");
      case "global-mean-max":
        return tf.concat([input.mean([1, 2]), input.max([1, 2])], 1);
      case "flatten":
        return input.reshape([input.shape[0]!, -1]);
      case "dense": {
        const product = tf
          .matMul(input as tfjs.Tensor2D, this.#weight<tfjs.Tensor2D>(`${layer.name}/weights`))
          .add(this.#weight(`${layer.name}/biases`));
        return layer.relu ? product.relu() : product;
      }
      case "dropout":
        return training
          ? tf.dropout(input, 1 - layer.keepProbability, undefined, training.dropoutSeed)
          : input;
    }
  }

  #batchNormRelu(name: string, input: tfjs.Tensor4D, training: TrainingPass | undefined): tfjs.Tensor4D {
    const tf = this.#tf;
    const movingMean = this.#weight(`${name}/moving_mean`);
    const movingVariance = this.#weight(`${name}/moving_variance`);
    const gamma = this.#weight(`${name}/gamma`);
    const beta = this.#weight(`${name}/beta`);
    if (training) {
      const keepAverage = (weight: string, moving: tfjs.Tensor, batch: tfjs.Tensor) => {
        const average = moving.mul(MOVING_AVERAGE_MOMENTUM).add(batch.mul(1 - MOVING_AVERAGE_MOMENTUM));
        training.movingAverages.set(`${name}/${weight}`, tf.keep(average));
        batch.dispose();
      };
      return batchNormRelu(tf, input, gamma, beta, ({ mean, variance }) => {
        keepAverage("moving_mean", movingMean, mean);
        keepAverage("moving_variance", movingVariance, variance);
      });
    }
    const slope = gamma.mul(movingVariance.add(BATCH_NORM_EPSILON).rsqrt());
    return input
      .mul(slope)
      .add(beta.sub(movingMean.mul(slope)))
      .relu() as tfjs.Tensor4D;
  }

  #weight<T extends tfjs.Tensor = tfjs.Tensor>(name: string): T {
    return this.variables.get(name) as unknown as T;
  }
}
