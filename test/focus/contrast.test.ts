import { describe, expect, test } from "vitest";
import { contrastOf, finenessOf } from "../../src/focus/contrast.js";
import { Defocus } from "../../src/optics/defocus.js";
import { Random } from "../../src/optics/random.js";

describe("contrast", () => {
  test("is the mean squared difference of pixels two apart in a row", () => {
    const pixels = Uint16Array.from([0, 5, 3, 9, 10, 10, 20, 14]);

    // Rows 0 5 3 9 and 10 10 20 14: differences 3, 4 and 10, 4.
    expect(contrastOf({ width: 4, height: 2, pixels })).toBe((9 + 16 + 100 + 16) / 4);
    expect(contrastOf({ width: 2, height: 4, pixels })).toBe(0);
  });

  test("of a large frame is taken from rows that are evenly spread", () => {
    const random = Random.of(1, 0);
    const pixels = Uint16Array.from({ length: 2048 * 2048 }, () => 1000 + 100 * random.normal());

    // Noise of standard deviation 100: twice its variance.
    expect(contrastOf({ width: 2048, height: 2048, pixels }) / 20_000).toBeCloseTo(1, 1);
  });

  test("falls with every level of defocus", () => {
    const random = Random.of(2, 0);
    const light = Float32Array.from({ length: 200 * 200 }, () => (random.uniform() < 0.02 ? 4000 : 100));
    const zs = [0, 2, 4, 6, 8, 10];
    const contrasts = new Defocus(200, 200)
      .applyMany(light, zs)
      .map((blurred) => contrastOf({ width: 200, height: 200, pixels: Uint16Array.from(blurred) }));

    expect(contrasts).toEqual(contrasts.toSorted((a, b) => b - a));
    expect(new Set(contrasts).size).toBe(zs.length);
  });

  test("gives the fineness, which does not depend on light and offset and is not there without structure", () => {
    const random = Random.of(3, 0);
    const size = { width: 200, height: 200 };
    const light = Float32Array.from({ length: 200 * 200 }, () => (random.uniform() < 0.02 ? 4000 : 100));
    const finenesses = new Defocus(200, 200).applyMany(light, [0, 1, 2, 3]).map((blurred) => {
      const frame = { ...size, pixels: Uint16Array.from(blurred) };
      const brighter = { ...size, pixels: Uint16Array.from(blurred, (value) => 3 * value + 500) };
      const fineness = finenessOf(frame, contrastOf(frame))!;
      expect(finenessOf(brighter, contrastOf(brighter))).toBeCloseTo(fineness, 2);
      return fineness;
    });
    const flat = { ...size, pixels: new Uint16Array(200 * 200).fill(7) };
    const narrow = { width: 8, height: 200, pixels: Uint16Array.from(light.subarray(0, 1600)) };

    expect(finenesses).toEqual(finenesses.toSorted((a, b) => b - a));
    expect(finenessOf(flat, contrastOf(flat))).toBeUndefined();
    expect(finenessOf(narrow, contrastOf(narrow))).toBeUndefined();
  });
});
