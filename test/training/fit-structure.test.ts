import { expect, test } from "vitest";
import type { TensorFlow } from "../../src/networks/tensorflow.js";
import { Random } from "../../src/optics/random.js";
import type { FeatureRows } from "../../src/training/feature-rows.js";
import { fitStructure } from "../../src/training/fit-structure.js";
import { runtime } from "../helpers/wasm-runtime.js";

const { tf } = runtime;

/** Two features: those with structure lie on a ring about those without, on scales of their own. */
function ring(count: number, radius: number, seed: number): FeatureRows {
  const random = new Random(seed);
  const values = Float32Array.from(
    Array.from({ length: count }, () => {
      const angle = random.between(0, 2 * Math.PI);
      const distance = radius + 0.3 * random.normal();
      return [1000 + 50 * distance * Math.cos(angle), 0.1 * distance * Math.sin(angle)];
    }).flat(),
  );
  return { count, features: 2, values };
}

function logOddsOf(
  reading: Awaited<ReturnType<typeof fitStructure>>,
  { count, values }: FeatureRows,
): number[] {
  const hidden = reading.hiddenBias.values.length;
  return Array.from({ length: count }, (_, row) => {
    const [x, y] = [values[2 * row]!, values[2 * row + 1]!];
    return Array.from({ length: hidden }, (_, k) => {
      const { values: weights } = reading.hidden;
      const sum = reading.hiddenBias.values[k]! + x * weights[k]! + y * weights[hidden + k]!;
      return Math.max(0, sum) * reading.structure.values[k]!;
    }).reduce((sum, value) => sum + value, reading.structureBias.values[0]!);
  });
}

test("structure is told from none where no straight line would, on examples that were not seen, and no tensor is left", async () => {
  const before = (tf as TensorFlow).memory().numTensors;
  const reading = await fitStructure(tf, ring(3000, 3, 1), ring(3000, 0, 2), 1);
  const [shown, nothing] = [ring(500, 3, 3), ring(500, 0, 4)].map((rows) => logOddsOf(reading, rows));

  expect(shown!.filter((odds) => odds > 0).length).toBeGreaterThan(480);
  expect(nothing!.filter((odds) => odds < 0).length).toBeGreaterThan(480);
  expect(tf.memory().numTensors).toBe(before);
});
