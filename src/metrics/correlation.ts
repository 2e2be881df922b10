import type { Frame } from "../frames/frame.js";
import { highestCount } from "./intensity.js";

const GREY_LEVELS = 8;

/**
 * Haralick's correlation (H3, Haralick et al. 1973) of the grey levels of pixels N apart in a row: with P the share of pairs
 * (left, right) and 8 grey levels from 1 to 8, (sum i j P - mean_i mean_j) / (sd_i sd_j); -1 to 1, and 0 where a side does not
 * vary or no two pixels are N apart. The frame is stretched over its own range first. Sharper frames have less of it.
 * CellProfiler's ImageQuality_Correlation_N.
 */
export function correlation(frame: Frame, offsetPx: number): number {
  const { pixels, width, height } = frame;
  const levelOf = greyLevels(frame);
  const pairs = new Float64Array(GREY_LEVELS * GREY_LEVELS);
  for (let y = 0; y < height; y++) {
    const end = (y + 1) * width - offsetPx;
    for (let i = y * width; i < end; i++) {
      pairs[GREY_LEVELS * levelOf[pixels[i]!]! + levelOf[pixels[i + offsetPx]!]!]!++;
    }
  }
  const value = correlationOfPairs(pairs);
  return Number.isFinite(value) ? value : 0;
}

/** Grey level, 0 to 7, of each count. CellProfiler's numbers have 32 bits, which decides about counts between two levels. */
function greyLevels(frame: Frame): Uint8Array {
  const top = highestCount(frame);
  let [lowest, highest] = [Number.POSITIVE_INFINITY, 0];
  for (const count of frame.pixels) {
    if (count < lowest) lowest = count;
    if (count > highest) highest = count;
  }
  const levels = new Uint8Array(highest + 1);
  const darkest = Math.fround(lowest / top);
  const range = Math.fround(Math.fround(highest / top) - darkest);
  for (let count = lowest; count <= highest && range > 0; count++) {
    const stretched = Math.fround(Math.fround(count / top) - darkest) / range;
    levels[count] = Math.min(GREY_LEVELS - 1, Math.floor(stretched * GREY_LEVELS));
  }
  return levels;
}

function correlationOfPairs(pairs: Float64Array): number {
  const total = pairs.reduce((sum, count) => sum + count, 0);
  const expectation = (of: (left: number, right: number) => number) => {
    let sum = 0;
    for (const [pair, count] of pairs.entries()) {
      sum += count * of(Math.floor(pair / GREY_LEVELS), pair % GREY_LEVELS);
    }
    return sum / total;
  };
  const left = expectation((i) => i);
  const right = expectation((_, j) => j);
  const covariance = expectation((i, j) => (i - left) * (j - right));
  return (
    covariance / Math.sqrt(expectation((i) => (i - left) ** 2) * expectation((_, j) => (j - right) ** 2))
  );
}
