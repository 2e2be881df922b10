import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compiledPixelSums } from "../../scripts/compile-pixel-sums.js";
import { KERNEL } from "../../src/pixel-sums/kernel-bytes.js";
import { visitRows } from "../../src/pixel-sums/pixel-sums.js";

/** Frames of odd sizes, dark, bright and both, of 8 and 16 bits. */
const frames = fc
  .record({
    width: fc.integer({ min: 1, max: 70 }),
    height: fc.integer({ min: 1, max: 12 }),
    most: fc.constantFrom(0, 3, 255, 1000, 65535),
    isBytes: fc.boolean(),
  })
  .chain(({ width, height, most, isBytes }) =>
    fc
      .array(fc.integer({ min: 0, max: isBytes ? Math.min(255, most) : most }), {
        minLength: width * height,
        maxLength: width * height,
      })
      .map((counts) => ({
        width,
        height,
        pixels: isBytes ? Uint8Array.from(counts) : Uint16Array.from(counts),
      })),
  );

type Counts = Uint8Array | Uint16Array;

/** Every `step`th row, one after the other. */
function rowsOf({ pixels, width, height }: { pixels: Counts; width: number; height: number }, step: number) {
  const rows: number[][] = [];
  for (let y = 0; y < height; y += step) rows.push([...pixels.subarray(y * width, (y + 1) * width)]);
  return rows;
}

function added(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

describe("sums over rows of pixels", () => {
  it("are what plain loops over the same rows give", () => {
    fc.assert(
      fc.property(
        frames,
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 33 }),
        (frame, step, anyLag) => {
          const rows = rowsOf(frame, step);
          const counts = rows.flat();
          const lag = Math.min(anyLag, frame.width - 1);
          const squares = rows.map((row) => added(row.slice(lag).map((count, x) => (count - row[x]!) ** 2)));
          visitRows(frame, { end: frame.height, step }, (found) => {
            expect(found.count).toBe(rows.length);
            expect(found.lowest()).toBe(Math.min(...counts));
            expect(found.highest()).toBe(Math.max(...counts));
            expect(found.total()).toBe(added(counts));
            expect(found.occurrencesOf(counts[0]!)).toBe(counts.filter((c) => c === counts[0]).length);
            expect(found.squaredDifferences(lag)).toBe(added(squares));
          });
        },
      ),
    );
  });

  it("are taken of the columns of a patch, too, over a count that may be any", () => {
    fc.assert(
      fc.property(
        frames.filter(({ width }) => width >= 3),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 0, max: 65535 }),
        (frame, step, from) => {
          const [left, sidePx] = [1, frame.width - 1];
          let expected = { sum: 0, squares: 0, differences: 0 };
          for (const row of rowsOf(frame, 1)) {
            for (let x = left; x < left + sidePx - 1; x += step) {
              const [count, next] = [row[x]! - from, row[x + 1]! - from];
              expected = {
                sum: expected.sum + count,
                squares: expected.squares + count ** 2,
                differences: expected.differences + (next - count) ** 2,
              };
            }
          }
          visitRows(frame, { end: frame.height, step: 1 }, (rows) =>
            expect(rows.sumsOf({ left, sidePx }, step, from)).toEqual(expected),
          );
        },
      ),
    );
  });

  it("are exact where all of a wide frame is as bright as can be, and visited in parts", () => {
    const [width, height] = [32768, 21];
    const pixels = new Uint16Array(width * height).fill(65535);
    for (let i = 0; i < pixels.length; i += 2) pixels[i] = 0;
    const [counts, totals, squares]: number[][] = [[], [], []];
    visitRows({ pixels, width }, { first: 1, end: height, step: 2 }, (rows) => {
      counts!.push(rows.count);
      totals!.push(rows.total());
      squares!.push(rows.squaredDifferences(1));
    });
    expect(counts).toEqual([8, 2]);
    expect(added(totals!)).toBe((10 * width * 65535) / 2);
    expect(added(squares!)).toBe(10 * (width - 1) * 65535 ** 2);
  });

  it("come from the source that is here", async () => {
    expect(await compiledPixelSums()).toBe(KERNEL);
  });
});
