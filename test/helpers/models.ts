import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Architecture } from "../../src/networks/architecture.js";
import { compact } from "../../src/networks/compact.js";
import { CONTENT_TENSORS } from "../../src/networks/content.js";
import type { Weights } from "../../src/networks/weights.js";
import { Random } from "../../src/optics/random.js";
import { initialWeights } from "../../src/training/initial-weights.js";
import { writeModel } from "../../src/training/write-model.js";

/** The model that ships with the package. */
export const SHIPPED_MODEL = "default";

/** Random weights, with the batch normalisation of a network that has seen data. */
export function randomWeights(architecture: Architecture, seed: number): Weights {
  const random = new Random(seed);
  const between = (low: number, high: number) => () => random.between(low, high);
  const ranges = {
    gamma: between(0.5, 1.5),
    moving_variance: between(0.3, 3),
    beta: between(-0.3, 0.3),
    moving_mean: between(-0.3, 0.3),
    biases: between(-0.3, 0.3),
  };
  return new Map(
    [...initialWeights(architecture, seed)].map(([name, { shape, values }]) => {
      const draw = ranges[name.split("/").at(-1) as keyof typeof ranges] as (() => number) | undefined;
      return [name, { shape, values: draw ? values.map(draw) : values }];
    }),
  );
}

/** A content reading with random numbers, for so many features. */
export function randomReading(features: number, seed: number): Weights {
  const random = new Random(seed);
  const hidden = 6;
  const shapes: Record<keyof typeof CONTENT_TENSORS, number[]> = {
    ...{ hidden: [features, hidden], hiddenBias: [hidden], structure: [hidden, 1], structureBias: [1] },
    ...{ whitening: [features, features], whiteningOffset: [features] },
  };
  const tensors = Object.entries(shapes) as [keyof typeof CONTENT_TENSORS, number[]][];
  return new Map(
    tensors.map(([key, shape]) => {
      const values = new Float32Array(shape.reduce((product, side) => product * side, 1));
      return [
        CONTENT_TENSORS[key],
        { shape, values: values.map(() => random.normal() / Math.sqrt(features)) },
      ];
    }),
  );
}

/** A folder of its own under the run's temporary folder. */
export function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), "parfocal-test-"));
}

/** Writes a model folder with random weights and gives its path. */
export async function randomModel(architecture: Architecture = compact, seed = 1): Promise<string> {
  const folder = join(await temporaryFolder(), "random");
  await writeModel(folder, architecture, randomWeights(architecture, seed), {
    command: "made by a test",
    engine: "none",
    machine: "any",
    seconds: 0,
    steps: 0,
    seed,
    recipe: {},
    licences: {},
    images: [],
  });
  return folder;
}
