import { expect, test } from "vitest";
import { Random } from "../../src/optics/random.js";
import type { FeatureRows } from "../../src/training/feature-rows.js";
import { whiteningOf } from "../../src/training/whitening.js";

const FEATURES = 5;

/** Features that hang together, of very different size, one of them always the same. */
function rows(count: number, seed: number): FeatureRows {
  const random = new Random(seed);
  const values = Float32Array.from(
    Array.from({ length: count }, () => {
      const [a, b, c, d] = [random.normal(), random.normal(), random.normal(), random.normal()];
      return [100 + 20 * a, 0.01 * b, 3 * a + 2 * b + d, 5, c - a];
    }).flat(),
  );
  return { count, features: FEATURES, values };
}

/** x whitening + offset, row by row. */
function whitened(
  { count, values }: FeatureRows,
  { whitening, whiteningOffset }: ReturnType<typeof whiteningOf>,
) {
  return Array.from({ length: count }, (_, row) =>
    Array.from(whiteningOffset.values, (offset, to) =>
      values
        .subarray(row * FEATURES, (row + 1) * FEATURES)
        .reduce((sum, value, from) => sum + value * whitening.values[from * FEATURES + to]!, offset),
    ),
  );
}

test("features that are whitened have mean 0, are uncorrelated, and those that vary have deviation 1", () => {
  const examples = rows(20_000, 1);
  const white = whitened(examples, whiteningOf(examples));

  const mean = (of: (row: number[]) => number) => white.reduce((sum, row) => sum + of(row), 0) / white.length;
  for (let i = 0; i < FEATURES; i++) {
    expect(Math.abs(mean((row) => row[i]!))).toBeLessThan(1e-3);
    for (let j = 0; j <= i; j++) {
      const expected = i === j && i !== 3 ? 1 : 0;
      expect(
        mean((row) => row[i]! * row[j]!),
        `${i} and ${j}`,
      ).toBeCloseTo(expected, 1);
    }
  }
});

test("what breaks the ties between features is far away, though each of them alone is common", () => {
  const examples = rows(20_000, 2);
  const reading = whiteningOf(examples);
  const distance = (values: number[]) => {
    const [white] = whitened({ count: 1, features: FEATURES, values: Float32Array.from(values) }, reading);
    return Math.hypot(...white!);
  };

  expect(distance([120, 0, 3, 5, -1])).toBeLessThan(2);
  expect(distance([120, 0, -3, 5, -1])).toBeGreaterThan(5);
});
