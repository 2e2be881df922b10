import type { Frame } from "../frames/frame.js";
import { meanSquaredDifference } from "../metrics/brenner.js";

/** Pixel pairs that are looked at; of larger frames, whole rows that are evenly spread, so that this costs little. */
const LOOKED_AT = 2 ** 17;
/** Distance of the two pixels of a pair. */
const LAG = 2;
const COARSE_LAG = 8;

/**
 * Mean squared difference of pixels two apart in a row, counts squared: Brenner's gradient (Brenner et al. 1976) over the
 * number of pairs. Not comparable between fields. Of two frames of one field under one light, the one with more is nearer
 * to focus; noise adds the same to both.
 * @param binning pixels that are judged as one: pairs are so much further apart.
 */
export function contrastOf(frame: Frame, binning = 1): number {
  return contrastAt(frame, LAG * binning);
}

/**
 * Logarithm of the contrast over that of pixels eight apart: how fine the detail is. Unlike contrast, it does not depend on the
 * light, so that it can be compared between frames of like content: the nearer to focus, the finer.
 * @returns undefined where there is no contrast.
 */
export function finenessOf(frame: Frame, contrast: number, binning = 1): number | undefined {
  const coarse = contrastAt(frame, COARSE_LAG * binning);
  return contrast > 0 && coarse > 0 ? Math.log(contrast / coarse) : undefined;
}

function contrastAt(frame: Frame, lag: number): number {
  const rowStep = Math.max(1, Math.ceil(((frame.width - lag) * frame.height) / LOOKED_AT));
  return meanSquaredDifference(frame, lag, rowStep);
}
