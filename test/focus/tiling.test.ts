import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutPatches, patchGrid, patchOrigins } from "../../src/focus/tiling.js";
import type { Frame } from "../../src/frames/frame.js";

const sides = fc.integer({ min: 84, max: 700 });

function numbered(width: number, height: number): Frame {
  return { width, height, pixels: Uint16Array.from({ length: width * height }, (_, i) => i % 65_521) };
}

describe("patchOrigins", () => {
  it("covers every pixel with ceil(length / 84) patches inside the side, the last one shifted inward", () => {
    fc.assert(
      fc.property(sides, (length) => {
        const origins = patchOrigins(length);
        expect(origins.length).toBe(Math.ceil(length / 84));
        expect(origins[0]).toBe(0);
        expect(origins.at(-1)).toBe(length - 84);
        for (let i = 1; i < origins.length; i++) {
          expect(origins[i]! - origins[i - 1]!).toBeGreaterThan(0);
          expect(origins[i]! - origins[i - 1]!).toBeLessThanOrEqual(84);
        }
      }),
    );
  });
});

describe("cutPatches", () => {
  it("copies each patch pixel for pixel from its origin, row after row", () => {
    fc.assert(
      fc.property(fc.integer({ min: 84, max: 200 }), fc.integer({ min: 84, max: 200 }), (width, height) => {
        const frame = numbered(width, height);
        const { rows, columns, patches } = cutPatches(frame);
        const [tops, lefts] = [patchOrigins(height), patchOrigins(width)];
        expect([rows, columns]).toEqual([tops.length, lefts.length]);
        expect(patches.length).toBe(rows * columns * 84 * 84);
        for (const [x, y] of [
          [0, 0],
          [83, 0],
          [0, 83],
          [40, 61],
          [83, 83],
        ] as const) {
          for (let patch = 0; patch < rows * columns; patch++) {
            const source = (tops[Math.floor(patch / columns)]! + y) * width + lefts[patch % columns]! + x;
            expect(patches[patch * 84 * 84 + y * 84 + x]).toBe(frame.pixels[source]);
          }
        }
      }),
      { numRuns: 25 },
    );
  });
});

describe("patchGrid", () => {
  it("as the original tiles, keeps 8 x 6 whole patches of its 696 x 520 px, from the upper left corner", () => {
    const { sidePx, tops, lefts } = patchGrid({ width: 696, height: 520 }, 1, "original");
    expect(sidePx).toBe(84);
    expect(tops).toEqual([0, 84, 168, 252, 336, 420]);
    expect(lefts).toEqual([0, 84, 168, 252, 336, 420, 504, 588]);
    expect(patchGrid({ width: 168, height: 84 }, 1, "original")).toMatchObject({ tops: [0], lefts: [0, 84] });
  });

  it("keeps patches of binned pixels inside the frame, and each on whole binned pixels", () => {
    fc.assert(
      fc.property(sides, sides, fc.integer({ min: 1, max: 4 }), (width, height, binning) => {
        const frame = { width: width * binning, height: height * binning + 3 };
        const { sidePx, tops, lefts } = patchGrid(frame, binning);
        expect(sidePx).toBe(84 * binning);
        for (const [origins, length] of [
          [tops, frame.height],
          [lefts, frame.width],
        ] as const) {
          expect(origins.every((origin) => origin % binning === 0)).toBe(true);
          expect(length - (origins.at(-1)! + sidePx)).toBeLessThan(binning);
          expect(origins.at(-1)! + sidePx).toBeLessThanOrEqual(length);
        }
      }),
    );
  });
});
