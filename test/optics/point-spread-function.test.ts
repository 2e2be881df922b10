import { describe, expect, it } from "vitest";
import { type Optics, pointSpread } from "../../src/optics/point-spread-function.js";
import { golden } from "../helpers/golden.js";

interface Golden {
  samples: { optics: Optics; rUm: number; zUm: number; value: number }[];
}
const { samples } = await golden<Golden>("optics/point-spread.json");

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
