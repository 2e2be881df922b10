import { type Frame, PATCH_PX } from "../frames/frame.js";
import type { PatchGrid } from "./tiling.js";

const PATCH_AREA = PATCH_PX * PATCH_PX;

/**
 * Patches of a frame below one another, as a frame 84 px wide that an engine scores like any other. Pixels are summed
 * `binning` x `binning`, as a camera bins, and scaled back only where the sums would not fit 16 bits.
 * @param patches numbers of patches in row order, at least one.
 */
export function patchStrip(frame: Frame, grid: PatchGrid, patches: readonly number[]): Frame {
  const { tops, lefts, sidePx } = grid;
  const binning = sidePx / PATCH_PX;
  const counts = new Uint16Array(patches.length * PATCH_AREA);
  for (const [i, patch] of patches.entries()) {
    const top = tops[Math.floor(patch / lefts.length)]!;
    const left = lefts[patch % lefts.length]!;
    const target = counts.subarray(i * PATCH_AREA, (i + 1) * PATCH_AREA);
    if (binning === 1) copyPatch(frame, top, left, target);
    else binPatch(frame, top, left, binning, target);
  }
  return { width: PATCH_PX, height: patches.length * PATCH_PX, pixels: counts };
}

function copyPatch({ pixels, width }: Frame, top: number, left: number, target: Uint16Array): void {
  for (let y = 0; y < PATCH_PX; y++) {
    const source = (top + y) * width + left;
    target.set(pixels.subarray(source, source + PATCH_PX), y * PATCH_PX);
  }
}

function binPatch(
  { pixels, width }: Frame,
  top: number,
  left: number,
  binning: number,
  target: Uint16Array,
): void {
  const sums = new Uint32Array(PATCH_AREA);
  let highest = 0;
  for (let y = 0; y < PATCH_PX * binning; y++) {
    const row = Math.floor(y / binning) * PATCH_PX;
    let source = (top + y) * width + left;
    for (let x = 0; x < PATCH_PX; x++) {
      let sum = sums[row + x]!;
      for (let i = 0; i < binning; i++) sum += pixels[source++]!;
      sums[row + x] = sum;
      if (sum > highest) highest = sum;
    }
  }
  const divisor = highest > 65535 ? binning * binning : 1;
  for (let i = 0; i < PATCH_AREA; i++) target[i] = sums[i]! / divisor;
}
