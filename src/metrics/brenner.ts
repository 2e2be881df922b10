import type { Frame } from "../frames/frame.js";
import { visitRows } from "../pixel-sums/pixel-sums.js";
import { highestCount } from "./intensity.js";

/**
 * Mean squared difference of pixels `lag` apart in a row, counts squared; 0 where a row holds no pair.
 * @param rowStep every so many rows are looked at.
 */
export function meanSquaredDifference(frame: Frame, lag: number, rowStep: number): number {
  const pairsOfRow = frame.width - lag;
  if (pairsOfRow <= 0) return 0;
  let sum = 0;
  visitRows(frame, { end: frame.height, step: rowStep }, (rows) => (sum += rows.squaredDifferences(lag)));
  return sum / (Math.ceil(frame.height / rowStep) * pairsOfRow);
}

/**
 * Brenner's gradient (Brenner et al. 1976) over the number of pairs: mean of (x(i + 2) - x(i))^2 along rows, x from 0 to 1; 0 where
 * a row holds no pair.
 */
export function brenner(frame: Frame): number {
  return meanSquaredDifference(frame, 2, 1) / highestCount(frame) ** 2;
}
