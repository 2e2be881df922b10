import type { FrameContent } from "./content.js";

/** What a frame is; the rules are in docs/scoring.md. */
export const CONDITIONS = ["in-focus", "defocused", "mixed", "blank", "unusable"] as const;
export type Condition = (typeof CONDITIONS)[number];

/** Which patches of a frame are judged: those that decide it (`decidingPatches`), or all. */
export const COVERAGES = ["sample", "full"] as const;
export type Coverage = (typeof COVERAGES)[number];

/** Everything the network and the aggregation say about one frame. */
export interface FocusReport extends FrameContent {
  /** Pixels of the frame a side that were judged as one; levels are those of the binned frame. */
  readonly binning: number;
  /** Rows and columns of patches. */
  readonly rows: number;
  readonly columns: number;
  /** `full` where every patch was judged. The frame's own figures are those of its deciding patches in either case. */
  readonly coverage: Coverage;
  /** Probability of each level for each patch, [rows, columns, 11], each row sums to 1; NaN where not judged. */
  readonly probabilities: Float32Array;
  /** 1 - H(p)/ln 11 of each patch, [rows, columns], 0 to 1; NaN where not judged. */
  readonly certainties: Float32Array;
  /** Probability that the true level of each patch lies within one of its most probable one, [rows, columns]; NaN where not judged. */
  readonly confidences: Float32Array;
  /** Frame distribution: certainty-weighted mean of the patch distributions, [11]. */
  readonly distribution: Float32Array;
  /** Level of the frame as a whole number, 0 to 10: the defocus, rounded; with the original's tiling, argmax of the frame distribution, as there. */
  readonly level: number;
  /** How far out of focus frames mostly are that read so, levels, 0 to 10: see `defocusLevels`. */
  readonly defocusLevels: number;
  /** Level of the frame as a real number, 0 to 10: see `frameLevel`. */
  readonly expectedLevel: number;
  /** Level of its sharpest structure, 0 to 10: what counts where several planes show and the sharpest is wanted. */
  readonly sharpestLevel: number;
  /** Standard deviation of `expectedLevel` as far as it comes from the patches of this frame, levels. */
  readonly levelSd: number;
  /**
   * Probability that the true level of the frame lies within one of `expectedLevel`, 0 to 1; low where there is nothing to judge,
   * and no more than a guess has where the frame is unfamiliar.
   */
  readonly confidence: number;
  /** Certainty of the frame distribution, 0 to 1; of one that shows no structure, its probability to show any times that, as the next two. */
  readonly aggregateCertainty: number;
  /** Mean and maximum of the certainties of the deciding patches, 0 to 1. */
  readonly meanCertainty: number;
  readonly maxCertainty: number;
  /**
   * Mean squared difference of pixels two apart in a row (Brenner), counts squared. Only to be compared between frames
   * of one field: of two, the one with more is nearer to focus.
   */
  readonly contrast: number;
  /**
   * Logarithm of that contrast over the one of pixels eight apart: how fine the detail is; undefined where there is none at all.
   */
  readonly fineness?: number;
  /** Mean count; of large frames, of rows that are evenly spread. Defocus hardly changes it. */
  readonly brightness: number;
  /** Share of pixels at the highest value the bit depth allows, 0 to 1. */
  readonly saturatedFraction: number;
  readonly condition: Condition;
  /** Whether it shows something unlike all that the model was trained on: then level and condition may be anything. */
  readonly unfamiliar: boolean;
  /**
   * True of a frame that is `blank` by one sign alone: its patches look like nothing, but are certain of a level, or few are certain, but
   * those that are look like something. Blurred structure of a kind that the model does not know looks so, and so do grain and the rims of
   * bubbles; only another frame can tell.
   */
  readonly mayBeBlurred?: boolean;
  /** Why, when the condition is `unusable`: one short sentence. */
  readonly conditionReason?: string;
}
