import type { Frame } from "../frames/frame.js";
import { median } from "../statistics.js";
import { highestCount } from "./intensity.js";

/**
 * How much the normalised variance differs over the frame: var(v) / median(v), v = variance / mean of x in each window of
 * about N x N px that is not black; 0 where the median is. CellProfiler's ImageQuality_LocalFocusScore_N: its help says
 * "mean", its code divides by the median.
 * @param windowPx N: the frame is cut into ceil(height / N) x ceil(width / N) windows that differ by a pixel at most.
 */
export function localFocusScore(frame: Frame, windowPx: number): number {
  const scores = normalisedVariances(frame, windowPx);
  const middle = median(scores);
  if (middle === undefined || !(middle > 0)) return 0;
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  const variance = scores.reduce((sum, score) => sum + (score - mean) ** 2, 0) / scores.length;
  return variance / middle;
}

function normalisedVariances(frame: Frame, windowPx: number): number[] {
  const { pixels, width, height } = frame;
  const [rows, columns] = [Math.ceil(height / windowPx), Math.ceil(width / windowPx)];
  const columnOf = Uint16Array.from({ length: width }, (_, x) => Math.floor((x * columns) / width));
  const counts = new Float64Array(rows * columns);
  const sums = new Float64Array(rows * columns);
  const squares = new Float64Array(rows * columns);
  for (let y = 0; y < height; y++) {
    const firstOfRow = Math.floor((y * rows) / height) * columns;
    for (let x = 0; x < width; x++) {
      const value = pixels[y * width + x]!;
      const window = firstOfRow + columnOf[x]!;
      counts[window]!++;
      sums[window]! += value;
      squares[window]! += value * value;
    }
  }
  const top = highestCount(frame);
  const scores: number[] = [];
  for (const [window, count] of counts.entries()) {
    const sum = sums[window]!;
    // Whole numbers, so that a flat window has exactly none.
    if (sum > 0) scores.push((count * squares[window]! - sum * sum) / (count * sum * top));
  }
  return scores;
}
