import { describe, expect, it } from "vitest";
import { highNaPointSpread } from "../../src/optics/high-na-point-spread.js";
import { type Optics, pointSpread, REFERENCE_OPTICS } from "../../src/optics/point-spread-function.js";
import { golden, largestDifference } from "../helpers/golden.js";

interface Golden {
  samples: { optics: Optics; rUm: number; zUm: number; sphericalWaves: number; value: number }[];
  vectorial: { optics: Optics; zUm: number; stepUm: number; row: number[] }[];
}
const { samples, vectorial } = await golden<Golden>("optics/high-na.json");

describe("highNaPointSpread", () => {
  it("equals SciPy's quadrature over the angle of the pupil to 1e-7, with and without spherical aberration", () => {
    expect(samples.length).toBe(128);
    const errors = samples.map(({ optics, rUm, zUm, sphericalWaves, value }) =>
      Math.abs(highNaPointSpread(rUm, zUm, optics, sphericalWaves) - value),
    );
    expect(Math.max(...errors)).toBeLessThan(1e-7);
  });

  it("is the paper's formula where the aperture is small: within 1 % of the peak at NA 0.1", () => {
    const optics = { ...REFERENCE_OPTICS, numericalAperture: 0.1 };
    for (const zUm of [0, 25]) {
      const axis = pointSpread(0, zUm, optics);
      for (const rUm of [0, 2, 5]) {
        expect(Math.abs(highNaPointSpread(rUm, zUm, optics) - pointSpread(rUm, zUm, optics))).toBeLessThan(
          0.01 * axis,
        );
      }
    }
  });

  it("follows psfmodels' vectorial rows: within 5 % of the peak at NA 0.3, 20 % at 1.4, where polarisation widens it", () => {
    for (const { optics, zUm, stepUm, row } of vectorial) {
      const ours = row.map((_, i) => highNaPointSpread(i * stepUm, zUm, optics));
      const sum = ours.reduce((total, value) => total + value, 0);
      const largest = largestDifference(
        ours.map((value) => value / sum),
        row,
      );
      expect(largest / Math.max(...row)).toBeLessThan(optics.numericalAperture < 0.5 ? 0.05 : 0.2);
    }
  });
});
