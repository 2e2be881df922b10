import fc from "fast-check";
import { expect, test } from "vitest";
import { binFrame } from "../../src/frames/bin-frame.js";

test("a frame is binned as a camera bins: sums of squares of pixels, the remainder left out", () => {
  const pixels = Uint16Array.from({ length: 5 * 4 }, (_, i) => i);
  expect(binFrame({ width: 5, height: 4, pixels }, 2)).toEqual({
    ...{ width: 2, height: 2 },
    pixels: Uint16Array.from([0 + 1 + 5 + 6, 2 + 3 + 7 + 8, 10 + 11 + 15 + 16, 12 + 13 + 17 + 18]),
  });
  const frame = { width: 5, height: 4, pixels };
  expect(binFrame(frame, 1)).toBe(frame);
});

test("sums that do not fit 16 bits become means, of all pixels alike", () => {
  const pixels = Uint16Array.from([65535, 65535, 65535, 65535, 4, 4, 4, 4]);
  expect(binFrame({ width: 2, height: 4, pixels }, 2).pixels).toEqual(Uint16Array.from([65535, 4]));
});

test("no light is lost where the sums fit", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.nat(255), { minLength: 144, maxLength: 144 }),
      (n, counts) => {
        const binned = binFrame({ width: 12, height: 12, pixels: Uint8Array.from(counts) }, n);
        const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0);
        expect(sum(binned.pixels)).toBe(sum(counts));
      },
    ),
  );
});
