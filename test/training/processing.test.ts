import { describe, expect, it } from "vitest";
import { jpegLoss, median3, smoothed } from "../../src/training/processing.js";
import { float32Of, golden, largestDifference } from "../helpers/golden.js";

interface Golden {
  patch: string;
  median: string;
  sigmaPx: number;
  smoothed: string;
  step: number;
  jpeg: string;
}
const expected = await golden<Golden>("training/processing.json");
const patch = Float32Array.from(float32Of(expected.patch));

/** Without the outermost pixels, whose neighbours SciPy mirrors. */
const inside = (pixels: Float32Array) =>
  pixels.filter((_, i) => i % 84 > 0 && i % 84 < 83 && i >= 84 && i < 83 * 84);

describe("what programs do to a patch", () => {
  it("takes the median of 3 x 3 pixels as SciPy does", () => {
    expect(largestDifference(inside(median3(patch)), inside(float32Of(expected.median)))).toBe(0);
  });

  it("smooths as SciPy's Gaussian filter does, to 0.01 counts of 1000", () => {
    const ours = smoothed(patch, expected.sigmaPx);
    expect(largestDifference(ours, float32Of(expected.smoothed))).toBeLessThan(0.01);
  });

  it("loses what rounding SciPy's cosine transform of 8 x 8 blocks loses", () => {
    const ours = jpegLoss(patch, expected.step);
    expect(largestDifference(ours, patch)).toBeGreaterThan(20);
    expect(largestDifference(ours, float32Of(expected.jpeg))).toBeLessThan(0.01);
  });
});
