import type { Frame } from "../frames/frame.js";
import { mostProbableLevel } from "./certainty.js";
import { LEVELS } from "./levels.js";
import type { FocusReport } from "./report.js";
import { patchesOf } from "./tiling.js";

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
export function drawMasks(frame: Frame, report: FocusReport): Masks {
  const { width, height } = frame;
  const blank = () => ({ width, height, pixels: new Uint16Array(width * height) });
  const masks = { level: blank(), certainty: blank(), valid: blank() };
  const { tops, lefts, sidePx } = patchesOf(frame, report);
  for (const [row, top] of tops.entries()) {
    for (const [column, left] of lefts.entries()) {
      const patch = row * report.columns + column;
      if (Number.isNaN(report.certainties[patch])) continue;
      const level = mostProbableLevel(report.probabilities.subarray(patch * LEVELS, (patch + 1) * LEVELS));
      const certainty = Math.round(65535 * report.certainties[patch]!);
      for (let y = top; y < top + sidePx; y++) {
        const start = y * width + left;
        masks.level.pixels.fill(level, start, start + sidePx);
        masks.certainty.pixels.fill(certainty, start, start + sidePx);
        masks.valid.pixels.fill(65535, start, start + sidePx);
      }
    }
  }
  return masks;
}
