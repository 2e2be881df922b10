import { type Frame, PATCH_PX } from "../frames/frame.js";
import { patchOrigins } from "./tiling.js";

/**
 * Pixels that an engine is given at once, 2048 x 2048. Larger frames are scored in bands of whole rows of patches, so that
 * memory does not grow with the frame, and other frames are scored between two bands.
 */
export const BAND_PX = 2 ** 22;

/** True for a frame that is scored in more than one band. */
export function isLarge({ pixels }: Pick<Frame, "pixels">): boolean {
  return pixels.length > BAND_PX;
}

/** The frame in bands from top to bottom, each a view of its pixels. Their patches are those of the frame, in its order. */
export function bandsOf(frame: Frame, bandPx: number = BAND_PX): Frame[] {
  if (frame.pixels.length <= bandPx) return [frame];
  const tops = patchOrigins(frame.height);
  const rows = Math.max(1, Math.floor(bandPx / (frame.width * PATCH_PX)));
  const bands: Frame[] = [];
  for (let first = 0; first < tops.length; first += rows) {
    const top = tops[first]!;
    const bottom = tops[Math.min(first + rows, tops.length) - 1]! + PATCH_PX;
    const pixels = frame.pixels.subarray(top * frame.width, bottom * frame.width);
    bands.push({ ...frame, height: bottom - top, pixels });
  }
  return bands;
}
