import type * as tfjs from "@tensorflow/tfjs";
import type { Architecture } from "../networks/architecture.js";
import type { TensorFlow } from "../networks/tensorflow.js";
import { TensorflowNetwork } from "../networks/tensorflow-network.js";
import type { Weights } from "../networks/weights.js";
import { Adam } from "./adam.js";
import { rankedProbabilityScore } from "./loss.js";

/** What a step learns from. */
export interface Lesson {
  /** Camera counts, [patches, 84, 84, 1]. */
  readonly patches: tfjs.Tensor4D;
  /** What they should be judged as, [patches, levels]. */
  readonly targets: tfjs.Tensor2D;
  /** Number of the step, from 1. */
  readonly step: number;
  readonly learningRate: number;
  readonly dropoutSeed: number;
}

/** A network in training: its weights, and what the optimiser remembers of them. */
export class Student {
  readonly network: TensorflowNetwork;
  readonly #tf: TensorFlow;
  readonly #adam: Adam;

  /**
   * @param weights what it starts from; they must fit the architecture.
   * @param optimiser what `optimiser()` of an earlier run gave; leave out to start afresh.
   */
  constructor(tf: TensorFlow, architecture: Architecture, weights: Weights, optimiser?: Weights) {
    this.#tf = tf;
    this.network = new TensorflowNetwork(tf, architecture, weights);
    const trainable = new Map([...this.network.variables].filter(([, variable]) => variable.trainable));
    this.#adam = new Adam(tf, trainable, optimiser);
  }

  /** One step; gives its loss. */
  learn({ patches, targets, step, learningRate, dropoutSeed }: Lesson): number {
    const { network } = this;
    const movingAverages = new Map<string, tfjs.Tensor>();
    const loss = this.#tf.tidy(() => {
      const { value, grads } = this.#tf.variableGrads(
        () =>
          rankedProbabilityScore(this.#tf, network.logits(patches, { dropoutSeed, movingAverages }), targets),
        network.trainableVariables(),
      );
      const byName = new Map(
        [...network.variables].map(([name, variable]) => [name, grads[variable.name]!] as const),
      );
      this.#adam.apply(byName, learningRate, step);
      return value.dataSync()[0]!;
    });
    for (const [name, average] of movingAverages) {
      network.variables.get(name)!.assign(average);
      average.dispose();
    }
    return loss;
  }

  optimiser(): Promise<Weights> {
    return this.#adam.memory();
  }

  dispose(): void {
    this.network.dispose();
    this.#adam.dispose();
  }
}
