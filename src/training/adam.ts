import type * as tfjs from "@tensorflow/tfjs";
import type { TensorFlow } from "../networks/tensorflow.js";
import type { Weights, WeightTensor } from "../networks/weights.js";

const BETA_1 = 0.9;
const BETA_2 = 0.999;
const EPSILON = 1e-7;

/**
 * Adam (Kingma and Ba 2015) whose whole memory can be saved and put back bit for bit: the one of TensorFlow.js
 * recomputes its running powers when it is restored, and a resumed run would leave the curve of an unbroken one.
 */
export class Adam {
  readonly #tf: TensorFlow;
  readonly #variables: ReadonlyMap<string, tfjs.Variable>;
  readonly #moments = new Map<string, { first: tfjs.Variable; second: tfjs.Variable }>();

  /** @param memory what `memory()` of an earlier run gave; leave out to start afresh. */
  constructor(tf: TensorFlow, variables: ReadonlyMap<string, tfjs.Variable>, memory?: Weights) {
    this.#tf = tf;
    this.#variables = variables;
    for (const [name, variable] of variables) {
      const restored = (part: string) => {
        const saved = memory?.get(`${name}/${part}`);
        const initial = saved ? tf.tensor(saved.values, variable.shape) : tf.zerosLike(variable);
        const moment = tf.variable(initial, false);
        initial.dispose();
        return moment;
      };
      this.#moments.set(name, { first: restored("first_moment"), second: restored("second_moment") });
    }
  }

  /** @param step number of this step, from 1. */
  apply(gradients: ReadonlyMap<string, tfjs.Tensor>, learningRate: number, step: number): void {
    const rate = (learningRate * Math.sqrt(1 - BETA_2 ** step)) / (1 - BETA_1 ** step);
    this.#tf.tidy(() => {
      for (const [name, { first, second }] of this.#moments) {
        const gradient = gradients.get(name)!;
        const variable = this.#variables.get(name)!;
        first.assign(first.mul(BETA_1).add(gradient.mul(1 - BETA_1)));
        second.assign(second.mul(BETA_2).add(gradient.square().mul(1 - BETA_2)));
        variable.assign(variable.sub(first.mul(rate).div(second.sqrt().add(EPSILON))));
      }
    });
  }

  async memory(): Promise<Weights> {
    const memory = new Map<string, WeightTensor>();
    for (const [name, { first, second }] of this.#moments) {
      for (const [part, moment] of [
        ["first_moment", first],
        ["second_moment", second],
      ] as const) {
        memory.set(`${name}/${part}`, {
          shape: moment.shape,
          values: Float32Array.from(await moment.data<"float32">()),
        });
      }
    }
    return memory;
  }

  dispose(): void {
    for (const { first, second } of this.#moments.values()) {
      first.dispose();
      second.dispose();
    }
    this.#moments.clear();
  }
}
