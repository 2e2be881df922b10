import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { defocusLevels } from "../../src/focus/defocus-levels.js";

describe("defocusLevels", () => {
  it.each([
    [0, 0],
    [0.41, 0],
    [0.6, 1],
    [1.2, 1.5],
    [3.98, 4],
    [9.37, 10],
    [10, 10],
  ])("takes a frame that reads %f for one that is %f levels off", (read, levels) => {
    expect(defocusLevels(read)).toBeCloseTo(levels, 10);
  });

  it("never falls as what is read rises, and stays within a level of it", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 10, noNaN: true }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (read, more) => {
          expect(defocusLevels(read + more)).toBeGreaterThanOrEqual(defocusLevels(read));
          expect(Math.abs(defocusLevels(read) - read)).toBeLessThan(1);
        },
      ),
    );
  });
});
