import type { Frame } from "../frames/frame.js";
import { highestCount } from "./intensity.js";

/**
 * Mean squared difference of pixels `lag` apart in a row, counts squared; 0 where a row holds no pair.
 * @param rowStep every so many rows are looked at.
 */
export function meanSquaredDifference(
  { pixels, width, height }: Frame,
  lag: number,
  rowStep: number,
): number {
  const pairsOfRow = Math.max(0, width - lag);
  if (pairsOfRow === 0) return 0;
  let [sum, rows] = [0, 0];
  // Squares of counts outgrow V8's whole numbers, and what it then makes of a loop over them takes up to four times as long.
  const row = new Float32Array(width);
  for (let y = 0; y < height; y += rowStep, rows++) {
    row.set(pixels.subarray(y * width, (y + 1) * width));
    sum += squaredDifferences(row, pairsOfRow, lag);
  }
  return sum / (rows * pairsOfRow);
}

/** A function of its own: V8 takes twice as long to add to a sum that outlives the loop. */
function squaredDifferences(row: Float32Array, pairs: number, lag: number): number {
  let sum = 0;
  for (let x = 0; x < pairs; x++) {
    const difference = row[x + lag]! - row[x]!;
    sum += difference * difference;
  }
  return sum;
}

/**
 * Brenner's gradient (Brenner et al. 1976) over the number of pairs: mean of (x(i + 2) - x(i))^2 along rows, x from 0 to 1; 0 where
 * a row holds no pair.
 */
export function brenner(frame: Frame): number {
  return meanSquaredDifference(frame, 2, 1) / highestCount(frame) ** 2;
}
