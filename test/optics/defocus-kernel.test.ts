import { describe, expect, it } from "vitest";
import { defocusKernel, KERNEL_PX, sampledPointSpread } from "../../src/optics/defocus-kernel.js";
import { LEVEL_UM, pointSpread, REFERENCE_OPTICS } from "../../src/optics/point-spread-function.js";
import { golden, largestDifference } from "../helpers/golden.js";

interface Golden {
  kernels: { level: number; row: number[]; diagonal: number[]; sumOfSquares: number; d90Px: number }[];
  threeByThree: number[];
}
const { kernels, threeByThree } = await golden<Golden>("optics/point-spread.json");

describe("sampledPointSpread", () => {
  it("gives the original's 3 x 3 kernel of 3 um width, 0.00114255 beside the centre", () => {
    const kernel = sampledPointSpread(0, { ...REFERENCE_OPTICS, pixelUm: 1 }, 3, pointSpread);
    expect(kernel[1]).toBeCloseTo(0.00114255, 7);
    expect(largestDifference(kernel, threeByThree)).toBeLessThan(1e-8);
  });

  it.each([0, 2, -3, 4.5])("refuses a side of %f pixels", (side) => {
    expect(() => sampledPointSpread(0, REFERENCE_OPTICS, side)).toThrow(RangeError);
  });
});

describe.each(kernels)(
  "the kernel of level $level by the paper's formula",
  ({ level, row, diagonal, sumOfSquares, d90Px }) => {
    const kernel = defocusKernel(level * LEVEL_UM, REFERENCE_OPTICS, KERNEL_PX, pointSpread);
    const side = Math.sqrt(kernel.length);

    it("equals SciPy's along its middle row and its diagonal to 5e-9", () => {
      const middle = Math.floor(side / 2);
      expect(side).toBe(51);
      expect(largestDifference(kernel.subarray(middle * side, (middle + 1) * side), row)).toBeLessThan(5e-9);
      expect(
        largestDifference(
          Array.from({ length: side }, (_, i) => kernel[i * side + i]!),
          diagonal,
        ),
      ).toBeLessThan(5e-9);
    });

    it("has SciPy's sum of squares to 5e-9 and sums to 1", () => {
      expect(Math.abs(kernel.reduce((sum, value) => sum + value * value, 0) - sumOfSquares)).toBeLessThan(
        5e-9,
      );
      expect(kernel.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 12);
    });

    it("holds 90 % of its energy in a circle of SciPy's diameter", () => {
      const half = (side - 1) / 2;
      const inside = (diameter: number) =>
        kernel.reduce((sum, value, i) => {
          const [x, y] = [(i % side) - half, Math.floor(i / side) - half];
          return 2 * Math.hypot(x, y) <= diameter ? sum + value : sum;
        }, 0);
      expect(inside(d90Px + 1e-9)).toBeGreaterThanOrEqual(0.9);
      expect(inside(d90Px - 1e-9)).toBeLessThan(0.9);
    });

    it("is the same turned by 180 degrees and transposed", () => {
      const turned = Float64Array.from(kernel).reverse();
      const transposed = kernel.map((_, i) => kernel[(i % side) * side + Math.floor(i / side)]!);
      expect(largestDifference(kernel, turned)).toBe(0);
      expect(largestDifference(kernel, transposed)).toBe(0);
    });
  },
);
