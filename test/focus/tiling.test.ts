import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { croppedToWholePatches, cutPatches, patchOrigins } from "../../src/focus/tiling.js";
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

describe("croppedToWholePatches, as the original tiles", () => {
  it("keeps 672 x 504 of the original's 696 x 520 px, from the upper left corner: 8 x 6 patches", () => {
    const frame = numbered(696, 520);
    const cropped = croppedToWholePatches(frame);
    expect([cropped.width, cropped.height]).toEqual([672, 504]);
    for (const [x, y] of [
      [0, 0],
      [671, 0],
      [5, 503],
      [671, 503],
    ] as const) {
      expect(cropped.pixels[y * 672 + x]).toBe(frame.pixels[y * 696 + x]);
    }
    const { rows, columns } = cutPatches(cropped);
    expect([columns, rows]).toEqual([8, 6]);
  });

  it("keeps a frame of whole patches as it is, the last row and column too, and pixel type and bit depth of any", () => {
    const whole = numbered(168, 84);
    expect(croppedToWholePatches(whole)).toBe(whole);
    const bytes = { width: 100, height: 90, pixels: new Uint8Array(9000), bitDepth: 8 };
    expect(croppedToWholePatches(bytes)).toEqual({
      width: 84,
      height: 84,
      pixels: new Uint8Array(84 * 84),
      bitDepth: 8,
    });
  });
});
