import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fitStack, type Plane } from "../../src/calibration/fit-stack.js";
import { stackPlot } from "../../src/calibration/stack-plot.js";
import { StackFitError } from "../../src/errors.js";
import { Scorer } from "../../src/focus/scorer.js";
import { Defocus, toFloat } from "../../src/optics/defocus.js";
import { micrometresPerLevel } from "../../src/optics/micrometres-per-level.js";
import { Random } from "../../src/optics/random.js";
import { expose, IDEAL_SENSOR } from "../../src/optics/sensor.js";
import { dataFrame } from "../helpers/images.js";
import { SHIPPED_MODEL } from "../helpers/models.js";

/** Levels as points read them far from focus: about one a level. */
const plane = (zUm: number, focusUm: number, above: number, below: number): Plane => ({
  zUm,
  level: Math.min(9.5, Math.abs(zUm - focusUm) / (zUm > focusUm ? above : below)),
});
const planes = (focusUm: number, above: number, below: number, count = 31) =>
  Array.from({ length: count }, (_, i) =>
    plane(focusUm + (i - (count - 1) / 2.1) * above * 0.6, focusUm, above, below),
  );

describe("fitStack", () => {
  it("finds focus and um per level of any stack within a tenth, whatever the objective", () => {
    fc.assert(
      fc.property(
        fc.double({ min: -500, max: 5000, noNaN: true }),
        fc.double({ min: 0.1, max: 12, noNaN: true }),
        (focusUm, umPerLevel) => {
          const fit = fitStack(planes(focusUm, umPerLevel, umPerLevel));
          expect(Math.abs(fit.umPerLevel / umPerLevel - 1)).toBeLessThan(0.1);
          expect(Math.abs(fit.focusUm - focusUm)).toBeLessThan(0.3 * umPerLevel);
        },
      ),
      { numRuns: 8, endOnFailure: true },
    );
  });

  it("tells the two sides apart where spherical aberration makes one blur faster", () => {
    const fit = fitStack(planes(10, 1, 1.5));
    expect(fit.umPerLevelBelow / fit.umPerLevelAbove).toBeGreaterThan(1.3);
    expect(fit.umPerLevelBelow / fit.umPerLevelAbove).toBeLessThan(1.7);
  });

  it("is not moved by a few planes that were judged wrongly", () => {
    const stack = planes(0, 2, 2).map((one, i) => (i % 9 === 4 ? { ...one, level: 5 } : one));
    expect(Math.abs(fitStack(stack).umPerLevel / 2 - 1)).toBeLessThan(0.1);
  });

  it("does not take cells for beads, which would read a level further away, where a stack is short", () => {
    // Levels of `data/plate/dsb_520x696_2cfa61bef6.png`, blurred by a level each 2 um.
    const levels = [3.61, 2.61, 1.44, 0.41, 0.35, 0.52, 1.87, 2.9, 3.87];
    const { umPerLevel, focusUm } = fitStack(levels.map((level, i) => ({ zUm: 2 * i - 7.7, level })));
    expect(Math.abs(umPerLevel / 2 - 1)).toBeLessThan(0.1);
    expect(Math.abs(focusUm)).toBeLessThan(0.3);
  });

  it("refuses planes that have no focus in common, as those of two stacks", () => {
    const two = [...planes(0, 2, 2), ...planes(40, 2, 2)];
    expect(() => fitStack(two)).toThrow(/of the 62 planes do not lie about one focus/);
  });

  it("refuses a stack that is too short or never out of focus, and says what is missing", () => {
    expect(() => fitStack(planes(0, 2, 2, 4))).toThrow(StackFitError);
    expect(() => fitStack(planes(0, 2, 2, 4))).toThrow(/4 planes at different z; it takes 5/);
    expect(() => fitStack(planes(0, 2, 2).map(({ zUm }) => ({ zUm, level: 0.5 })))).toThrow(
      /further out of focus/,
    );
  });

  it("measures the um per level that a 20x/0.75 has from images blurred by its own optics", async () => {
    const optics = { numericalAperture: 0.75, refractiveIndex: 1, pixelUm: 0.325 / 0.75 };
    const { width, height, pixels } = await dataFrame("plate/dsb_520x696_6b72b61b80.png");
    const scorer = await Scorer.load({ model: SHIPPED_MODEL, device: "cpu" });
    const random = new Random(1);
    const zs = Array.from({ length: 21 }, (_, i) => (i - 10) * 0.8);
    const lights = new Defocus(width, height, { ...optics, wavelengthNm: 500 }).applyMany(
      toFloat({ width, height, pixels }),
      zs.map(Math.abs),
    );
    const stack: Plane[] = [];
    for (const [i, light] of lights.entries()) {
      const exposed = expose(light, { ...IDEAL_SENSOR, gain: 40 }, random);
      stack.push({
        zUm: zs[i]! + 3,
        level: (await scorer.score({ width, height, pixels: exposed })).expectedLevel,
      });
    }
    await scorer.dispose();
    const fit = fitStack(stack);
    expect(Math.abs(fit.focusUm - 3)).toBeLessThan(0.4);
    expect(fit.umPerLevel / micrometresPerLevel(optics)).toBeGreaterThan(0.8);
    expect(fit.umPerLevel / micrometresPerLevel(optics)).toBeLessThan(1.25);
    expect(stackPlot(stack, fit, "a < b & c")).toMatch(/^<svg [\s\S]*a &#60; b &#38; c[\s\S]*<\/svg>\n$/);
    expect(stackPlot(stack, fit, "x").match(/<circle/g)).toHaveLength(21);
  });
});
