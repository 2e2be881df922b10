/**
 * The level of a frame from the levels of its patches. The patches of real fields disagree: empty background, sparse
 * cells, debris, haze. A quantile below the median, weighted by squared certainty, follows the structure that is sharpest
 * over a good part of the frame and ignores the rest.
 * @module
 */
import { expectedLevel, medianLevel } from "./certainty.js";
import { LEVELS } from "./levels.js";

/** Weighted quantile of the patch levels that is the level of the frame. */
export const FRAME_QUANTILE = 0.25;
/** The same for those who want the sharpest plane of several. */
export const SHARPEST_QUANTILE = 0.1;

/** Standard deviation of a frame's level that rests on one certain patch; it falls with the square root of their number. */
const ONE_PATCH_SD = 0.2;
/** Share of the spread of the patches that the level takes over. */
const SPREAD_SHARE = 0.1;
/** A frame in which nothing is certain says this little, levels. */
const NOTHING_SD = 5;

export interface FrameLevel {
  /** Level of the frame, 0 to 10. */
  readonly level: number;
  /** The same of the medians of the patches' distributions, -0.5 to 10.5: what the defocus is taken from (`defocusLevels`). */
  readonly medianLevel: number;
  /** Level of its sharpest structure, 0 to 10. */
  readonly sharpestLevel: number;
  /** Standard deviation of the level as far as it comes from this frame's patches, levels, above 0. */
  readonly sd: number;
}

/** @param probabilities [patches, 11] @param certainties [patches], 0 to 1. */
export function frameLevel(probabilities: Float32Array, certainties: Float32Array): FrameLevel {
  const sortedBy = (levelOf: (distribution: Float32Array) => number) =>
    Array.from(certainties, (certainty, patch) => ({
      level: levelOf(probabilities.subarray(patch * LEVELS, (patch + 1) * LEVELS)),
      weight: certainty * certainty,
    })).sort((a, b) => a.level - b.level || a.weight - b.weight);
  const patches = sortedBy(expectedLevel);
  const weight = patches.reduce((sum, patch) => sum + patch.weight, 0);
  const at = (quantile: number) => weightedQuantile(patches, quantile * weight);
  const spread = at(0.6) - at(0.15);
  const sd = Math.hypot(ONE_PATCH_SD / Math.sqrt(weight), SPREAD_SHARE * spread);
  return {
    level: at(FRAME_QUANTILE),
    medianLevel: weightedQuantile(sortedBy(medianLevel), FRAME_QUANTILE * weight),
    sharpestLevel: at(SHARPEST_QUANTILE),
    sd: Math.min(NOTHING_SD, sd || NOTHING_SD),
  };
}

/**
 * @param patches in rising order of level. @param target share of their whole weight.
 * Interpolates between the middles of the patches' weights, so that a patch more or less changes it little.
 */
function weightedQuantile(
  patches: readonly { readonly level: number; readonly weight: number }[],
  target: number,
): number {
  let [before, previous] = [0, patches[0]!];
  let previousMiddle = 0;
  for (const patch of patches) {
    const middle = before + patch.weight / 2;
    if (middle >= target) {
      const share = middle > previousMiddle ? (target - previousMiddle) / (middle - previousMiddle) : 1;
      return previous.level + Math.min(1, Math.max(0, share)) * (patch.level - previous.level);
    }
    before += patch.weight;
    [previous, previousMiddle] = [patch, middle];
  }
  return previous.level;
}
