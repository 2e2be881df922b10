import { describe, expect, it } from "vitest";
import { Random } from "../../src/optics/random.js";
import { emptyPatch } from "../../src/training/empty-fields.js";

const patches = Array.from({ length: 300 }, (_, i) => emptyPatch(Random.of(5, i)));
/** Correlation of each pixel with its right neighbour: 0 for white noise, near 1 for a smooth field. */
const correlations = patches.map((patch) => {
  const mean = patch.reduce((sum, count) => sum + count, 0) / patch.length;
  let [together, alone] = [0, 0];
  for (let i = 0; i < patch.length; i++) {
    alone += (patch[i]! - mean) ** 2;
    if (i % 84 < 83) together += (patch[i]! - mean) * (patch[i + 1]! - mean);
  }
  return together / alone;
});

describe("emptyPatch", () => {
  it("is the same for the same randomness and differs from patch to patch", () => {
    expect(emptyPatch(Random.of(5, 0))).toEqual(patches[0]);
    expect(patches[1]).not.toEqual(patches[0]);
  });

  it("has counts that differ, but for the few whose noise is less than a count", () => {
    expect(patches.filter((patch) => new Set(patch).size > 1).length).toBeGreaterThan(0.97 * patches.length);
  });

  it("comes from white noise to smooth light: neighbours are unrelated in some and nearly equal in others", () => {
    expect(correlations.filter((value) => value < 0.1).length).toBeGreaterThan(20);
    expect(correlations.filter((value) => value > 0.95).length).toBeGreaterThan(20);
    expect(correlations.filter((value) => value > 0.3 && value < 0.9).length).toBeGreaterThan(20);
  });
});
