import { type Frame, PATCH_PX } from "../frames/frame.js";
import type { FocusReport } from "./report.js";

/** Ways to lay patches over a frame. */
export const TILINGS = ["cover", "original"] as const;
/**
 * `cover`: the last row and column of patches shift inward, every pixel is judged.
 * `original`: from the upper left corner, the remainder is never judged (as google/microscopeimagequality).
 */
export type Tiling = (typeof TILINGS)[number];

/** Where the patches of a frame lie: each of `sidePx` x `sidePx` at one of `tops` and one of `lefts`, px. */
export interface PatchGrid {
  readonly sidePx: number;
  readonly tops: readonly number[];
  readonly lefts: readonly number[];
}

/** Where the patches along one side of `length` px begin; `length` at least 84. */
export function patchOrigins(length: number, tiling: Tiling = "cover"): number[] {
  const count = tiling === "cover" ? Math.ceil(length / PATCH_PX) : Math.floor(length / PATCH_PX);
  return Array.from({ length: count }, (_, i) => Math.min(i * PATCH_PX, length - PATCH_PX));
}

/** The patches of a frame whose pixels are judged `binning` x `binning` as one; it holds at least one patch then. */
export function patchGrid(
  { width, height }: Pick<Frame, "width" | "height">,
  binning: number,
  tiling: Tiling = "cover",
): PatchGrid {
  const along = (length: number) =>
    patchOrigins(Math.floor(length / binning), tiling).map((origin) => origin * binning);
  return { sidePx: PATCH_PX * binning, tops: along(height), lefts: along(width) };
}

/** Where the patches of a report lie on its frame. */
export function patchesOf(
  frame: Pick<Frame, "width" | "height">,
  { binning, rows, columns }: Pick<FocusReport, "binning" | "rows" | "columns">,
): PatchGrid {
  const { sidePx, tops, lefts } = patchGrid(frame, binning);
  return { sidePx, tops: tops.slice(0, rows), lefts: lefts.slice(0, columns) };
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
