import type { Architecture } from "../src/networks/architecture.js";
import { initialWeights } from "../src/training/initial-weights.js";
import { writeModel } from "../src/training/write-model.js";

/** Writes a model with random weights: they do not change how long a frame takes. */
export function writeUntrained(folder: string, architecture: Architecture): Promise<void> {
  return writeModel(folder, architecture, initialWeights(architecture, 1), {
    command: "npm run bench",
    engine: "none: random weights",
    machine: "",
    seconds: 0,
    steps: 0,
    seed: 1,
    recipe: {},
    licences: {},
    images: [],
  });
}
