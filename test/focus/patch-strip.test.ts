import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { patchStrip } from "../../src/focus/patch-strip.js";
import { cutPatches, patchGrid } from "../../src/focus/tiling.js";
import type { Frame } from "../../src/frames/frame.js";
import { binned } from "../helpers/images.js";

const cases = fc
  .record({
    width: fc.integer({ min: 84, max: 200 }),
    height: fc.integer({ min: 84, max: 200 }),
    binning: fc.integer({ min: 1, max: 3 }),
    highest: fc.constantFrom(1, 255, 4095),
    seed: fc.integer({ min: 1, max: 1000 }),
  })
  .map(({ width, height, binning, highest, seed }) => {
    const pixels = Uint16Array.from(
      { length: width * height * binning ** 2 },
      (_, i) => (i * 7919 * seed) % (highest + 1),
    );
    return { binning, frame: { width: width * binning, height: height * binning, pixels } as Frame };
  });

describe("patchStrip", () => {
  it("holds the patches asked for, in the order asked for, as cut from the frame that a camera would have binned", () => {
    fc.assert(
      fc.property(cases, fc.infiniteStream(fc.nat()), ({ frame, binning }, numbers) => {
        const whole = cutPatches(binned(frame, binning));
        const grid = patchGrid(frame, binning);
        const count = whole.rows * whole.columns;
        expect(grid.tops.length * grid.lefts.length).toBe(count);
        const patches = [...numbers.take(3)].map((number) => number % count);
        const strip = patchStrip(frame, grid, patches);
        expect([strip.width, strip.height, strip.pixels.length]).toEqual([84, 3 * 84, 3 * 84 * 84]);
        for (const [i, patch] of patches.entries()) {
          const expected = whole.patches.subarray(patch * 84 * 84, (patch + 1) * 84 * 84);
          const actual = strip.pixels.subarray(i * 84 * 84, (i + 1) * 84 * 84);
          expect(expected.every((sum, p) => sum === actual[p])).toBe(true);
        }
      }),
      { numRuns: 40 },
    );
  });

  it("scales sums back where they would not fit 16 bits", () => {
    const pixels = new Uint16Array(168 * 168).fill(60000);
    const frame = { width: 168, height: 168, pixels };
    const strip = patchStrip(frame, patchGrid(frame, 2), [0]);
    expect(new Set(strip.pixels)).toEqual(new Set([60000]));
    const dim = { ...frame, pixels: new Uint16Array(168 * 168).fill(100) };
    expect(new Set(patchStrip(dim, patchGrid(dim, 2), [0]).pixels)).toEqual(new Set([400]));
  });
});
