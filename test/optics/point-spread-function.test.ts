import { describe, expect, it } from "vitest";
import {
  defocusKernel,
  LEVEL_UM,
  micrometresPerLevel,
  type Optics,
  pointSpread,
  REFERENCE_OPTICS,
  sampledPointSpread,
} from "../../src/optics/point-spread-function.js";
import { golden, largestDifference } from "../helpers/golden.js";

interface Golden {
  samples: { optics: Optics; rUm: number; zUm: number; value: number }[];
  kernels: { level: number; row: number[]; diagonal: number[]; sumOfSquares: number; d90Px: number }[];
  threeByThree: number[];
}
const { samples, kernels, threeByThree } = await golden<Golden>("optics/point-spread.json");

// The package of Bessel functions is good to about 1e-8.
describe("pointSpread", () => {
  it("equals SciPy's quadrature of the paper's integral to 1e-8, over r, z and four objectives", () => {
    expect(samples.length).toBe(256);
    const errors = samples.map(({ optics, rUm, zUm, value }) =>
      Math.abs(pointSpread(rUm, zUm, optics) - value),
    );
    expect(Math.max(...errors)).toBeLessThan(1e-8);
  });

  it("gives the original's golden values: 0.25 in focus on the axis, 0.20264 at z = 1 um", () => {
    expect(pointSpread(0, 0)).toBeCloseTo(0.25, 8);
    expect(pointSpread(0, 1)).toBeCloseTo(0.20264, 5);
  });

  it.each([0.4, 3, 20])("is the same above and below focus at z = %f um", (zUm) => {
    for (const rUm of [0, 0.65, 5, 20]) expect(pointSpread(rUm, -zUm)).toBe(pointSpread(rUm, zUm));
  });
});

describe("sampledPointSpread", () => {
  it("gives the original's 3 x 3 kernel of 3 um width, 0.00114255 beside the centre", () => {
    const kernel = sampledPointSpread(0, { ...REFERENCE_OPTICS, pixelUm: 1 }, 3);
    expect(kernel[1]).toBeCloseTo(0.00114255, 7);
    expect(largestDifference(kernel, threeByThree)).toBeLessThan(1e-8);
  });

  it.each([0, 2, -3, 4.5])("refuses a side of %f pixels", (side) => {
    expect(() => sampledPointSpread(0, REFERENCE_OPTICS, side)).toThrow(RangeError);
  });
});

describe.each(kernels)("the kernel of level $level", ({ level, row, diagonal, sumOfSquares, d90Px }) => {
  const kernel = defocusKernel(level * LEVEL_UM);
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
    expect(Math.abs(kernel.reduce((sum, value) => sum + value * value, 0) - sumOfSquares)).toBeLessThan(5e-9);
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
});

describe("micrometresPerLevel", () => {
  const at = (numericalAperture: number, pixelUm: number, refractiveIndex = 1) =>
    micrometresPerLevel({ ...REFERENCE_OPTICS, numericalAperture, pixelUm, refractiveIndex });

  it("is 2 um at the reference optics", () => {
    expect(micrometresPerLevel(REFERENCE_OPTICS)).toBeCloseTo(2, 12);
  });

  it("makes the geometric blur disc the same number of pixels at every small aperture: 4 x NA / pixel is constant", () => {
    for (const [aperture, pixel] of [
      [0.1, 1.6],
      [0.3, 0.65],
      [0.4, 0.325],
    ] as const) {
      expect((2 * at(aperture, pixel) * aperture) / pixel).toBeCloseTo((4 * 0.5) / 0.65, 12);
    }
  });

  it("halves with half the pixel", () => {
    expect(at(0.5, 0.325)).toBeCloseTo(1, 12);
    expect(at(1.2, 0.2, 1.333)).toBeCloseTo(2 * at(1.2, 0.1, 1.333), 12);
  });

  // Where the transfer function of the exact pupil is nearest to that of level 3: found by least squares over defocus.
  it.each([
    [0.3, 1, 0.97],
    [0.75, 1, 0.81],
    [0.95, 1, 0.62],
    [1.2, 1.333, 0.68],
    [1.4, 1.515, 0.66],
  ])(
    "is within 9 %% of what the exact pupil of NA %f in n = %f needs for the blur of a level",
    (aperture, index, factor) => {
      const pixel = (0.5 * 0.65) / aperture;
      const paraxial = (2 * (0.5 / 0.65)) / (aperture / (index * pixel));
      expect(Math.abs(at(aperture, pixel, index) / (factor * paraxial) - 1)).toBeLessThan(0.09);
    },
  );
});
