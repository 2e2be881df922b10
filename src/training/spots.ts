import type { Random } from "../optics/random.js";
import { REGION_PX } from "./region.js";

/** Spots on a region, their sigma in focus, px, and their brightness relative to the brightest: all log-uniform. */
const NUMBER = [120, 1500] as const;
const SIGMA_PX = [0.8, 1.5] as const;
const BRIGHTNESS = [0.15, 1] as const;
/** Counts of the brightest. */
const COUNTS = [100, 4000] as const;
/** Beyond so many sigmas nothing is left of a spot. */
const REACH = 4;

/** A region of beads or spots in focus, REGION_PX a side, camera counts: no image of cells teaches how these blur. */
export function spotsRegion(random: Random): Float32Array {
  const region = new Float32Array(REGION_PX * REGION_PX);
  const sigma = random.logBetween(...SIGMA_PX);
  const brightest = random.logBetween(...COUNTS);
  for (let left = Math.round(random.logBetween(...NUMBER)); left > 0; left--) {
    const [x, y] = [random.between(0, REGION_PX), random.between(0, REGION_PX)];
    addSpot(region, x, y, sigma, brightest * random.logBetween(...BRIGHTNESS));
  }
  return region;
}

function addSpot(region: Float32Array, x: number, y: number, sigma: number, peak: number): void {
  const reach = REACH * sigma;
  const pixels = (at: number) =>
    [Math.max(0, Math.ceil(at - reach)), Math.min(REGION_PX - 1, at + reach)] as const;
  const [[left, right], [top, bottom]] = [pixels(x), pixels(y)];
  for (let row = top; row <= bottom; row++) {
    for (let column = left; column <= right; column++) {
      const squared = (column - x) ** 2 + (row - y) ** 2;
      region[row * REGION_PX + column]! += peak * Math.exp(-squared / (2 * sigma * sigma));
    }
  }
}
