import { type Frame, PATCH_PX } from "../frames/frame.js";
import type { FocusReport } from "./report.js";

/** Ways to lay patches over a frame. */
export const TILINGS = ["cover", "original"] as const;
/**
 * `cover`: the last row and column of patches shift inward, every pixel is judged.
 * `original`: from the upper left corner, the remainder is never judged (as google/microscopeimagequality).
 */
export type Tiling = (typeof TILINGS)[number];

/** Where the patches along one side of `length` px begin; `length` at least 84. */
export function patchOrigins(length: number): number[] {
  const count = Math.ceil(length / PATCH_PX);
  return Array.from({ length: count }, (_, i) => Math.min(i * PATCH_PX, length - PATCH_PX));
}

/** Where the patches of a report lie on its frame, px. */
export function patchesOf(
  { width, height }: Pick<Frame, "width" | "height">,
  { binning, rows, columns }: Pick<FocusReport, "binning" | "rows" | "columns">,
): { sidePx: number; tops: number[]; lefts: number[] } {
  const along = (length: number, count: number) =>
    patchOrigins(Math.floor(length / binning))
      .slice(0, count)
      .map((origin) => origin * binning);
  return { sidePx: PATCH_PX * binning, tops: along(height, rows), lefts: along(width, columns) };
}

/** The part of the frame that the original judges: whole patches from the upper left corner. */
export function croppedToWholePatches(frame: Frame): Frame {
  const width = Math.floor(frame.width / PATCH_PX) * PATCH_PX;
  const height = Math.floor(frame.height / PATCH_PX) * PATCH_PX;
  if (width === frame.width && height === frame.height) return frame;
  const pixels =
    frame.pixels instanceof Uint8Array ? new Uint8Array(width * height) : new Uint16Array(width * height);
  for (let y = 0; y < height; y++) {
    pixels.set(frame.pixels.subarray(y * frame.width, y * frame.width + width), y * width);
  }
  return { ...frame, width, height, pixels };
}

/** Cuts the frame into patches, [rows * columns, 84, 84], camera counts as floats. */
export function cutPatches(frame: Frame): { rows: number; columns: number; patches: Float32Array } {
  const tops = patchOrigins(frame.height);
  const lefts = patchOrigins(frame.width);
  const patches = new Float32Array(tops.length * lefts.length * PATCH_PX * PATCH_PX);
  let target = 0;
  for (const top of tops) {
    for (const left of lefts) {
      for (let y = 0; y < PATCH_PX; y++, target += PATCH_PX) {
        const source = (top + y) * frame.width + left;
        patches.set(frame.pixels.subarray(source, source + PATCH_PX), target);
      }
    }
  }
  return { rows: tops.length, columns: lefts.length, patches };
}
