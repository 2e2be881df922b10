import { describe, expect, it } from "vitest";
import { micrometresPerLevel } from "../../src/optics/micrometres-per-level.js";
import { type Optics, REFERENCE_OPTICS } from "../../src/optics/point-spread-function.js";
import { golden } from "../helpers/golden.js";

const equalBlurs = await golden<{ optics: Optics; level: number; zUm: number }[]>("optics/equal-blurs.json");

describe("micrometresPerLevel", () => {
  const at = (numericalAperture: number, pixelUm: number, refractiveIndex = 1) =>
    micrometresPerLevel({ ...REFERENCE_OPTICS, numericalAperture, pixelUm, refractiveIndex });

  it("is 2 um at the reference optics", () => {
    expect(micrometresPerLevel(REFERENCE_OPTICS)).toBeCloseTo(2, 12);
  });

  it("halves with half the pixel", () => {
    expect(at(0.5, 0.325)).toBeCloseTo(1, 12);
    expect(at(1.2, 0.2, 1.333)).toBeCloseTo(2 * at(1.2, 0.1, 1.333), 12);
  });

  it.each(equalBlurs)(
    "is within 6 % of what NA $optics.numericalAperture needs for the blur of level $level, by transfer functions",
    ({ optics, level, zUm }) => {
      expect(Math.abs((level * micrometresPerLevel(optics)) / zUm - 1)).toBeLessThan(0.06);
    },
  );
});
