import type { Tensor, Variable } from "@tensorflow/tfjs";
import { describe, expect, it } from "vitest";
import type { Weights } from "../../src/networks/weights.js";
import { Random } from "../../src/optics/random.js";
import { Adam } from "../../src/training/adam.js";
import { largestDifference } from "../helpers/golden.js";
import { runtime } from "../helpers/wasm-runtime.js";

const { tf } = runtime;
const SIZE = 6;
const RATE = 0.01;
const start = Float32Array.from({ length: SIZE }, (_, i) => i / 3 - 1);
/** The gradient of step `step`, the same in every run. */
const gradientOf = (step: number) => {
  const random = Random.of(9, step);
  return Float32Array.from({ length: SIZE }, () => random.normal());
};

/** Steps `from` to `to`, from 1, on a variable that holds `values`. */
async function run(values: Float32Array, from: number, to: number, memory?: Weights) {
  const variable = tf.variable(tf.tensor1d(values)) as Variable;
  const adam = new Adam(tf, new Map([["w", variable]]), memory);
  for (let step = from; step <= to; step++) {
    const gradient: Tensor = tf.tensor1d(gradientOf(step));
    adam.apply(new Map([["w", gradient]]), RATE, step);
    gradient.dispose();
  }
  const result = { values: Float32Array.from(await variable.data()), memory: await adam.memory() };
  adam.dispose();
  variable.dispose();
  return result;
}

describe("Adam", () => {
  it("goes on from its saved memory bit for bit as if it had not stopped", async () => {
    const unbroken = await run(start, 1, 9);
    const first = await run(start, 1, 4);
    const second = await run(first.values, 5, 9, first.memory);
    expect(second.values).toEqual(unbroken.values);
    expect(second.memory).toEqual(unbroken.memory);
  });

  it("would leave that path without its memory", async () => {
    const first = await run(start, 1, 4);
    expect((await run(first.values, 5, 9)).values).not.toEqual((await run(start, 1, 9)).values);
  });

  it("equals the algorithm of Kingma and Ba in double precision to 1e-6", async () => {
    const [weights, first, second] = [
      [...start],
      new Array<number>(SIZE).fill(0),
      new Array<number>(SIZE).fill(0),
    ];
    for (let step = 1; step <= 9; step++) {
      const rate = (RATE * Math.sqrt(1 - 0.999 ** step)) / (1 - 0.9 ** step);
      for (const [i, gradient] of gradientOf(step).entries()) {
        first[i] = 0.9 * first[i]! + 0.1 * gradient;
        second[i] = 0.999 * second[i]! + 0.001 * gradient ** 2;
        weights[i]! -= (rate * first[i]!) / (Math.sqrt(second[i]!) + 1e-7);
      }
    }
    expect(largestDifference((await run(start, 1, 9)).values, weights)).toBeLessThan(1e-6);
  });
});
