import { describe, expect, it } from "vitest";
import { Scorer } from "../../src/focus/scorer.js";
import { Convolver } from "../../src/optics/convolution.js";
import { defocusKernel } from "../../src/optics/defocus-kernel.js";
import { micrometresPerLevel, micrometresPerLevelRead } from "../../src/optics/micrometres-per-level.js";
import { type Optics, REFERENCE_OPTICS } from "../../src/optics/point-spread-function.js";
import { enlargedPart } from "../../src/training/region.js";
import { golden } from "../helpers/golden.js";
import { dataFrame } from "../helpers/images.js";

const PLATE = ["dsb_520x696_6b72b61b80.png", "dsb_520x696_175dbb364b.png"];

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

describe("micrometresPerLevelRead", () => {
  it("is 2 um at the reference optics", () => {
    expect(micrometresPerLevelRead(REFERENCE_OPTICS)).toBeCloseTo(2, 12);
  });

  it("turns what the shipped model reads at 40x/0.95 into micrometres, nearer to the truth than the blur alone would", async () => {
    const optics = { numericalAperture: 0.95, refractiveIndex: 1, wavelengthNm: 520, pixelUm: 0.1625 };
    const [binning, side, kernel, zUm] = [2, 840, 101, 1.8];
    const judged = { ...optics, pixelUm: binning * optics.pixelUm };
    const convolver = new Convolver(side, side, kernel);
    const blur = convolver.transferFunction(defocusKernel(zUm, optics, kernel));
    const scorer = await Scorer.load({ device: "cpu" });
    const levels: number[] = [];
    for (const file of PLATE) {
      const part = enlargedPart(await dataFrame(`plate/${file}`), binning, { left: 0, top: 0 }, side);
      const [light] = convolver.convolveBoth(convolver.spectrum(part), blur);
      const pixels = Uint16Array.from(light, (value) => 100 + 10 * Math.max(0, value));
      levels.push((await scorer.score({ width: side, height: side, pixels }, { binning })).defocusLevels);
    }
    await scorer.dispose();
    const mean = levels.reduce((sum, level) => sum + level, 0) / levels.length;
    const error = (umPerLevel: number) => Math.abs((umPerLevel * mean) / zUm - 1);
    expect(error(micrometresPerLevelRead(judged))).toBeLessThan(0.05);
    expect(error(micrometresPerLevel(judged))).toBeGreaterThan(0.05);
  });
});
