import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decidingPatches, FIRST_PATCHES } from "../../src/focus/patch-choice.js";
import { patchGrid } from "../../src/focus/tiling.js";
import type { Frame } from "../../src/frames/frame.js";
import { Random } from "../../src/optics/random.js";

const SIDE = 84 * 12;
const COLUMNS = 12;

/** Shot noise over 1,000 counts, and discs of 20 px in the middle of the patches named. */
function withDiscs(patches: readonly number[], counts: number, seed = 1): Frame {
  const random = new Random(seed);
  const pixels = Uint16Array.from({ length: SIDE * SIDE }, () => random.poisson(1000));
  for (const patch of patches) {
    const [centreX, centreY] = [(patch % COLUMNS) * 84 + 42, Math.floor(patch / COLUMNS) * 84 + 42];
    for (let y = -10; y <= 10; y++) {
      for (let x = -10; x <= 10; x++) {
        if (x * x + y * y <= 100) pixels[(centreY + y) * SIDE + centreX + x]! += counts;
      }
    }
  }
  return { width: SIDE, height: SIDE, pixels };
}

const chosen = (frame: Frame, most?: number) => decidingPatches(frame, patchGrid(frame, 1), { most });

const inRowOrder = (patches: readonly number[]) => patches.toSorted((a, b) => a - b);

describe("decidingPatches", () => {
  it("takes all patches of a frame that has few", () => {
    for (const columns of [1, 4, 8]) {
      const frame = { width: 84 * columns, height: 336, pixels: new Uint8Array(84 * columns * 336) };
      expect(inRowOrder(chosen(frame))).toEqual(Array.from({ length: 4 * columns }, (_, i) => i));
    }
  });

  it("takes 32 of a larger one", () => {
    expect(chosen(withDiscs([5, 70, 130], 900))).toHaveLength(32);
  });

  it("finds the patches that show something among many that do not, however faint beside the noise", () => {
    const discs = [0, 13, 17, 31, 55, 68, 100, 143];
    for (const counts of [150, 20_000]) {
      expect(chosen(withDiscs(discs, counts))).toEqual(expect.arrayContaining(discs));
    }
  });

  it("is not led by the noise of bright light: dim patches with structure come before bright ones without", () => {
    const random = new Random(3);
    const discs = [6, 30, 54, 78];
    const frame = withDiscs(discs, 150);
    for (let y = 0; y < SIDE; y++) {
      for (let x = 0; x < SIDE / 2; x++) frame.pixels[y * SIDE + x] = random.poisson(40_000);
    }
    expect(chosen(frame, 20)).toEqual(expect.arrayContaining(discs));
  });

  it("leaves out patches with pixels that are cut off, where some others are there", () => {
    const discs = [6, 30, 54, 78, 101, 120];
    const grid = patchGrid(withDiscs([], 0), 1);
    const cutOff = (without: readonly number[]) => {
      const frame = withDiscs(discs, 20_000);
      for (let patch = 0; patch < 144; patch++) {
        if (without.includes(patch)) continue;
        const [top, left] = [grid.tops[Math.floor(patch / COLUMNS)]!, grid.lefts[patch % COLUMNS]!];
        frame.pixels[(top + 41) * SIDE + left + 83] = 65_535;
      }
      return frame;
    };
    const few = decidingPatches(cutOff([6, 54, 100]), grid, { saturated: 65_535 });
    expect(few).toHaveLength(32);
    expect(few).toEqual(expect.arrayContaining(discs));
    const enough = decidingPatches(cutOff([6, 54, 100, 101]), grid, { saturated: 65_535 });
    expect(inRowOrder(enough)).toEqual([6, 54, 100, 101]);
  });

  it("gives each of the 4 x 4 parts of a frame its share, wherever the brightest cells are", () => {
    const corner = Array.from({ length: 36 }, (_, i) => Math.floor(i / 6) * COLUMNS + (i % 6));
    const rows = chosen(withDiscs(corner, 5000)).map((patch) => [
      Math.floor(patch / COLUMNS / 3),
      Math.floor((patch % COLUMNS) / 3),
    ]);
    for (let row = 0; row < 4; row++) {
      for (let column = 0; column < 4; column++) {
        expect(rows.filter(([r, c]) => r === row && c === column).length).toBeGreaterThanOrEqual(2);
      }
    }
  });

  it("begins with the one of each part that shows most", () => {
    const discs = [13, 16, 19, 22, 49, 52, 55, 58, 85, 88, 91, 94, 121, 124, 127, 130];
    const fainter = discs.map((patch) => patch - 13);
    const frame = withDiscs(discs, 2000);
    for (const [i, value] of withDiscs(fainter, 500, 2).pixels.entries()) frame.pixels[i]! += value;
    const patches = chosen(frame);
    expect(inRowOrder(patches.slice(0, FIRST_PATCHES))).toEqual(discs);
    expect(inRowOrder(patches.slice(FIRST_PATCHES))).toEqual(fainter);
  });

  it("gives as many as asked for, each once, those of fewer first, and the same for any gain and offset", () => {
    const frame = withDiscs([5, 70, 130], 900);
    fc.assert(
      fc.property(
        fc.integer({ min: 16, max: 143 }),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 0, max: 1000 }),
        (limit, gain, offset) => {
          const plain = chosen(frame, limit);
          expect(plain).toHaveLength(limit);
          expect(new Set(plain).size).toBe(limit);
          expect(plain.slice(0, limit - 1)).toEqual(chosen(frame, limit - 1));
          const pixels = frame.pixels.map((value) => value * gain + offset) as Uint16Array;
          expect(chosen({ ...frame, pixels }, limit)).toEqual(plain);
        },
      ),
      { numRuns: 20, endOnFailure: true },
    );
  });
});
