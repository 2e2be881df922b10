import { type Frame, PATCH_PX } from "../frames/frame.js";
import { mostProbableLevel } from "./certainty.js";
import { type FocusReport, LEVELS } from "./report.js";
import { patchOrigins } from "./tiling.js";

/** Three frames of the size of the scored one, as the original's masks. */
export interface Masks {
  /** Level of the patch, 0 to 10. */
  readonly level: Frame;
  /** Certainty of the patch times 65535, rounded. */
  readonly certainty: Frame;
  /** 65535 where a patch was judged, 0 elsewhere. */
  readonly valid: Frame;
}

/** Pixel maps of what each patch was judged to be; where patches overlap, the later one counts. */
export function drawMasks({ width, height }: Frame, report: FocusReport): Masks {
  const blank = () => ({ width, height, pixels: new Uint16Array(width * height) });
  const masks = { level: blank(), certainty: blank(), valid: blank() };
  const tops = patchOrigins(height).slice(0, report.rows);
  const lefts = patchOrigins(width).slice(0, report.columns);
  for (const [row, top] of tops.entries()) {
    for (const [column, left] of lefts.entries()) {
      const patch = row * report.columns + column;
      const level = mostProbableLevel(report.probabilities.subarray(patch * LEVELS, (patch + 1) * LEVELS));
      const certainty = Math.round(65535 * report.certainties[patch]!);
      for (let y = top; y < top + PATCH_PX; y++) {
        const start = y * width + left;
        masks.level.pixels.fill(level, start, start + PATCH_PX);
        masks.certainty.pixels.fill(certainty, start, start + PATCH_PX);
        masks.valid.pixels.fill(65535, start, start + PATCH_PX);
      }
    }
  }
  return masks;
}
