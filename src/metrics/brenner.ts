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
  for (let y = 0; y < height; y += rowStep, rows++) {
    const end = y * width + pairsOfRow;
    // A sum of its own for each row: V8 takes twice as long to add to one that outlives the loop.
    let ofRow = 0;
    for (let i = y * width; i < end; i++) {
      const difference = pixels[i + lag]! - pixels[i]!;
      ofRow += difference * difference;
    }
    sum += ofRow;
  }
  return sum / (rows * pairsOfRow);
}

/**
 * Brenner's gradient (Brenner et al. 1976) over the number of pairs: mean of (x(i + 2) - x(i))^2 along rows, x from 0 to 1; 0 where
 * a row holds no pair.
 */
export function brenner(frame: Frame): number {
  return meanSquaredDifference(frame, 2, 1) / highestCount(frame) ** 2;
}
