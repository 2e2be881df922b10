/**
 * A frame's verdict does not need every patch: empty ones say nothing, and of many that show something a few dozen say what
 * all say. Those with the most structure are judged, spread over the frame so that one half never speaks for the other.
 * @module
 */
import type { Frame } from "../frames/frame.js";
import { visitRows } from "../pixel-sums/pixel-sums.js";
import type { PatchGrid } from "./tiling.js";

/** The frame is divided into so many parts a side, and each has its share of the patches. */
const PARTS = 4;
/** Patches that are judged first, one of each part: most frames need no more. */
export const FIRST_PATCHES = PARTS ** 2;
/** Patches of each part that come before those of any part. */
const SHARE_OF_PART = 2;
/** Patches that decide a frame; more make its level no better (`scripts/choose-patches.ts`). */
const DECIDING_PATCHES = SHARE_OF_PART * PARTS ** 2;
/** So many patches without saturated pixels decide an overexposed frame alone. */
const LEAST_WHOLE = 4;
/** Every so many rows and columns of a patch are looked at; fewer rows of frames beyond `LOOKED_AT`. */
const [ROW_STEP, COLUMN_STEP] = [6, 3];
const LOOKED_AT = 2 ** 19;
/** What chance makes of the noise of some 400 pixels stays below this multiple of it. */
const NOISE_MARGIN = 1.35;

/**
 * The patches that decide a frame, by their number in row order, those that tell most first: of each of 4 x 4 parts the one with the
 * most structure, then the second of each, then the best of the rest. The same for the same pixels, and the same whatever the gain
 * and offset of counts.
 * @param options.most of a frame with more patches, so many are chosen. @param options.saturated the count at which pixels of the frame are
 * cut off: patches with such pixels decide only where there are hardly any others, because what is cut off has sharp edges however blurred it is.
 */
export function decidingPatches(
  frame: Frame,
  grid: PatchGrid,
  {
    most = DECIDING_PATCHES,
    saturated,
  }: { readonly most?: number | undefined; readonly saturated?: number | undefined } = {},
): number[] {
  const ranked = rankedPatches(frame, grid);
  if (saturated === undefined) return ranked.slice(0, most);
  const whole: number[] = [];
  for (const patch of ranked) {
    if (whole.length === most) break;
    if (!hasCount(frame, grid, patch, saturated)) whole.push(patch);
  }
  return whole.length >= LEAST_WHOLE ? whole : ranked.slice(0, most);
}

function rankedPatches(frame: Frame, grid: PatchGrid): number[] {
  const [rows, columns] = [grid.tops.length, grid.lefts.length];
  const all = Array.from({ length: rows * columns }, (_, patch) => patch);
  if (all.length <= FIRST_PATCHES) return all;
  const structure = structureOf(frame, grid);
  const taken = new Map<number, number>();
  const byRank: number[][] = Array.from({ length: SHARE_OF_PART + 1 }, () => []);
  for (const patch of all.sort((a, b) => structure[b]! - structure[a]! || a - b)) {
    const [row, column] = [Math.floor(patch / columns), patch % columns];
    const part = Math.floor((PARTS * row) / rows) * PARTS + Math.floor((PARTS * column) / columns);
    const rank = taken.get(part) ?? 0;
    taken.set(part, rank + 1);
    byRank[Math.min(rank, SHARE_OF_PART)]!.push(patch);
  }
  return byRank.flat();
}

function hasCount(
  { pixels, width }: Frame,
  { sidePx, tops, lefts }: PatchGrid,
  patch: number,
  count: number,
): boolean {
  const [top, left] = [tops[Math.floor(patch / lefts.length)]!, lefts[patch % lefts.length]!];
  for (let y = top; y < top + sidePx; y++) {
    const row = pixels.subarray(y * width + left, y * width + left + sidePx);
    if (row.includes(count)) return true;
  }
  return false;
}

/**
 * Variance of each patch less that of white noise (half the mean square of the difference of neighbours) and what chance
 * adds to it, counts squared: an empty patch under bright light is noisier than a dim one with cells, and has nothing to show.
 */
function structureOf(frame: Frame, { sidePx, tops, lefts }: PatchGrid): Float64Array {
  const pixelsOfPatches = tops.length * lefts.length * sidePx ** 2;
  const rowStep = Math.max(ROW_STEP, Math.ceil(pixelsOfPatches / (COLUMN_STEP * LOOKED_AT)));
  const count = Math.ceil(sidePx / rowStep) * Math.ceil((sidePx - 1) / COLUMN_STEP);
  const structure = new Float64Array(tops.length * lefts.length);
  for (const [row, top] of tops.entries()) {
    const totals = lefts.map(() => ({ sum: 0, squares: 0, differences: 0 }));
    const first = frame.pixels[top * frame.width]!;
    // A whole row of patches at a time, as the pixels lie in memory.
    visitRows(frame, { first: top, end: top + sidePx, step: rowStep }, (rows) => {
      for (const [column, left] of lefts.entries()) {
        const [total, found] = [totals[column]!, rows.sumsOf({ left, sidePx }, COLUMN_STEP, first)];
        total.sum += found.sum;
        total.squares += found.squares;
        total.differences += found.differences;
      }
    });
    for (const [column, { sum, squares, differences }] of totals.entries()) {
      const deviations = squares - sum ** 2 / count;
      structure[row * lefts.length + column] = (deviations - (NOISE_MARGIN * differences) / 2) / count;
    }
  }
  return structure;
}
