import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { binned, binningFor, cautiousBinningFor, fittingBinning } from "../../src/focus/binning.js";

describe("binningFor", () => {
  it.each([
    ["20x/0.5, 0.65 um", 0.5, 0.65, 1],
    ["20x/0.75, 0.325 um", 0.75, 0.325, 1],
    ["10x/0.3, 0.65 um", 0.3, 0.65, 2],
    ["40x/0.95, 0.1625 um", 0.95, 0.1625, 2],
    ["60x/1.4, 0.108 um", 1.4, 0.108, 2],
    ["100x/1.4, 0.065 um", 1.4, 0.065, 4],
    ["4x/0.1, 1.6 um", 0.1, 1.6, 2],
  ])("judges %s at the sampling of the reference optics", (_, numericalAperture, pixelUm, expected) => {
    expect(binningFor({ numericalAperture, pixelUm })).toBe(expected);
  });

  it.each([
    ["40x/0.95, 0.1625 um", 0.95, 0.1625, 1],
    ["100x/1.4, 0.065 um", 1.4, 0.065, 2],
    ["20x/0.5, 0.1 um", 0.5, 0.1, 4],
  ])("is more cautious about %s where a microscope reports it", (_, numericalAperture, pixelUm, expected) => {
    expect(cautiousBinningFor({ numericalAperture, pixelUm })).toBe(expected);
  });

  it("leaves room for a patch", () => {
    expect(fittingBinning({ width: 400, height: 200 }, 4)).toBe(2);
    expect(fittingBinning({ width: 100, height: 90 }, 4)).toBe(1);
    expect(fittingBinning({ width: 2048, height: 2048 }, 4)).toBe(4);
  });
});

describe("binned", () => {
  it("sums squares of pixels and leaves a remainder out", () => {
    const frame = { width: 5, height: 2, pixels: Uint8Array.of(1, 2, 3, 4, 99, 5, 6, 7, 8, 99), bitDepth: 8 };
    expect(binned(frame, 2)).toEqual({ width: 2, height: 1, pixels: Uint16Array.of(14, 22) });
  });

  it("scales back where the sums do not fit 16 bits", () => {
    const frame = { width: 2, height: 2, pixels: Uint16Array.of(60000, 60000, 60000, 60002) };
    expect([...binned(frame, 2).pixels]).toEqual([60000]);
  });

  it("keeps the mean of any frame that divides, whichever way it has to scale", () => {
    const frames = fc
      .record({
        columns: fc.integer({ min: 1, max: 6 }),
        rows: fc.integer({ min: 1, max: 6 }),
        binning: fc.integer({ min: 2, max: 4 }),
      })
      .chain(({ columns, rows, binning }) =>
        fc
          .array(fc.integer({ min: 0, max: 65535 }), {
            minLength: columns * rows * binning ** 2,
            maxLength: columns * rows * binning ** 2,
          })
          .map((counts) => ({
            binning,
            frame: { width: columns * binning, height: rows * binning, pixels: Uint16Array.from(counts) },
          })),
      );
    fc.assert(
      fc.property(frames, ({ frame, binning }) => {
        const meanOf = (pixels: ArrayLike<number>) =>
          Array.from(pixels).reduce((a, b) => a + b, 0) / pixels.length;
        const judged = binned(frame, binning);
        const mean = meanOf(frame.pixels);
        const ours = meanOf(judged.pixels);
        const isSum = Math.abs(ours - mean * binning ** 2) < 1e-6;
        const isMean = ours <= mean + 1e-9 && ours > mean - 1;
        expect(isSum || isMean).toBe(true);
      }),
    );
  });
});
