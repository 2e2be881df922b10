/** The searches that controllers have without Parfocal, and the scores that they go by. One `take` is one exposure. */
import { contrastOf } from "../../src/focus/contrast.js";
import type { Frame } from "../../src/frames/frame.js";

export type FocusScore = (frame: Frame) => number;
/** Gives the score of a frame taken at a z, um. */
export type Take = (zUm: number) => number;

const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** Variance over mean of the counts above the camera's offset. */
export function normalisedVariance(offsetCounts: number): FocusScore {
  return ({ pixels }) => {
    let [sum, squares] = [0, 0];
    for (const value of pixels) {
      sum += value - offsetCounts;
      squares += (value - offsetCounts) ** 2;
    }
    const mean = sum / pixels.length;
    return (squares / pixels.length - mean ** 2) / Math.max(mean, 1e-9);
  };
}

export const brenner: FocusScore = contrastOf;

/** The best of evenly spaced planes in centre +- range, um. */
export function sweep(take: Take, centreUm: number, rangeUm: number, planes: number): number {
  const zs = Array.from({ length: planes }, (_, i) => centreUm - rangeUm + (2 * rangeUm * i) / (planes - 1));
  const scores = zs.map(take);
  return zs[scores.indexOf(Math.max(...scores))]!;
}

/** Golden-section search for the maximum in centre +- range, until the bracket is narrower than the tolerance, um. */
export function goldenSection(take: Take, centreUm: number, rangeUm: number, toleranceUm: number): number {
  let [low, high] = [centreUm - rangeUm, centreUm + rangeUm];
  let [a, b] = [high - GOLDEN * (high - low), low + GOLDEN * (high - low)];
  let [scoreA, scoreB] = [take(a), take(b)];
  while (high - low > toleranceUm) {
    if (scoreA > scoreB) {
      [high, b, scoreB] = [b, a, scoreA];
      a = high - GOLDEN * (high - low);
      scoreA = take(a);
    } else {
      [low, a, scoreA] = [a, b, scoreB];
      b = low + GOLDEN * (high - low);
      scoreB = take(b);
    }
  }
  return (low + high) / 2;
}
