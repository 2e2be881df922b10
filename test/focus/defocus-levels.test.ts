import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { defocusLevels } from "../../src/focus/defocus-levels.js";
import { openModel } from "../../src/focus/model.js";

const { readings } = (await openModel("default")).card;

describe("defocusLevels", () => {
  it.each([
    [-0.4, 0],
    [0.33, 0],
    [0.53, 1],
    [1.215, 1.5],
    [4, 4],
    [9.56, 10],
    [10.4, 10],
  ])("takes a frame that reads %f for one that is %f levels off", (read, levels) => {
    expect(defocusLevels(read, readings)).toBeCloseTo(levels, 10);
  });

  it("takes a level as it is where nobody has measured what the model reads", () => {
    expect(defocusLevels(0.6, undefined)).toBeCloseTo(0.6, 10);
    expect([defocusLevels(-0.4, undefined), defocusLevels(10.4, undefined)]).toEqual([0, 10]);
  });

  it("never falls as what is read rises, and stays within a level of it", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 10, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (read, more) => {
          expect(defocusLevels(read + more, readings)).toBeGreaterThanOrEqual(defocusLevels(read, readings));
          expect(Math.abs(defocusLevels(read, readings) - read)).toBeLessThan(1);
        },
      ),
    );
  });
});
