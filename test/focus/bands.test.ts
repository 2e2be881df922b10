import fc from "fast-check";
import { expect, test } from "vitest";
import { BAND_PX, bandsOf, isLarge } from "../../src/focus/bands.js";
import { patchOrigins } from "../../src/focus/tiling.js";
import type { Frame } from "../../src/frames/frame.js";

/** Pixels that are the number of their row. */
function rows(width: number, height: number): Frame {
  return {
    width,
    height,
    pixels: Uint16Array.from({ length: width * height }, (_, i) => Math.floor(i / width)),
  };
}

test("bands have the patches of the frame, each once and in its order", () => {
  const side = fc.integer({ min: 84, max: 700 });
  fc.assert(
    fc.property(side, side, fc.integer({ min: 1, max: 200_000 }), (width, height, bandPx) => {
      const tops = bandsOf(rows(width, height), bandPx).flatMap((band) => {
        expect(band.pixels.length).toBe(band.width * band.height);
        return patchOrigins(band.height).map((top) => band.pixels[0]! + top);
      });

      expect(tops).toEqual(patchOrigins(height));
    }),
  );
});

test("a frame of 2048 x 2048 px is scored whole, a larger one is not", () => {
  expect(isLarge({ pixels: new Uint8Array(BAND_PX) })).toBe(false);
  expect(isLarge({ pixels: new Uint8Array(BAND_PX + 1) })).toBe(true);
  expect(bandsOf({ width: 2048, height: 2048, pixels: new Uint8Array(BAND_PX) })).toHaveLength(1);
});
