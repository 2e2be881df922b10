/**
 * How likely a level is right, as a probability that can be checked: among frames (or patches) that say 0.9, nine in ten lie
 * within one level of the truth. The paper's certainty is another thing: it says how far a distribution is from flat.
 * @module
 */
import { z } from "zod";
import { mostProbableLevel } from "./certainty.js";
import { LEVELS } from "./levels.js";

/** A level is right when it lies this close to the true one, levels. */
export const RIGHT_WITHIN = 1;

/** What turns a model's distributions into confidences; chosen by scripts/calibrate-confidence.ts. */
export const ConfidenceScale = z.object({
  /** Patch distributions are taken to the power of 1 / temperature: above 1 where the network is too sure, below where too modest. */
  temperature: z.number().positive(),
  /** Log odds of a frame's level: `frameOffset` + `frameSlope` x log odds of what its patches agree on. */
  frameOffset: z.number(),
  frameSlope: z.number().positive(),
});
export type ConfidenceScale = z.infer<typeof ConfidenceScale>;

/** How often a guess is right: three levels of eleven. */
export const CONFIDENCE_OF_A_GUESS = (2 * RIGHT_WITHIN + 1) / LEVELS;

/** Takes the network at its word; of a model that nobody has measured. */
export const UNMEASURED: ConfidenceScale = { temperature: 1, frameOffset: 0, frameSlope: 1 };

/** Keeps log odds finite. */
const SMALLEST_DOUBT = 1e-4;

/** The same distribution with a temperature, as softmax(logits / temperature) is. */
export function tempered(distribution: ArrayLike<number>, temperature: number): Float64Array {
  const powers = new Float64Array(distribution.length);
  let total = 0;
  for (let k = 0; k < powers.length; k++) {
    powers[k] = distribution[k]! ** (1 / temperature);
    total += powers[k]!;
  }
  for (let k = 0; k < powers.length; k++) powers[k]! /= total;
  return powers;
}

/**
 * Probability that the true level of each patch lies within one of its most probable level, 0 to 1; NaN where the patch was
 * not judged. A patch that shows nothing has 0.27 (three levels of eleven), 0.18 where those lie at the end of the scale.
 * @param probabilities [patches, 11]
 */
export function patchConfidences(
  probabilities: Float32Array,
  { temperature }: ConfidenceScale,
): Float32Array {
  return Float32Array.from({ length: probabilities.length / LEVELS }, (_, patch) => {
    const distribution = probabilities.subarray(patch * LEVELS, (patch + 1) * LEVELS);
    return massNear(tempered(distribution, temperature), mostProbableLevel(distribution), RIGHT_WITHIN + 0.5);
  });
}

/**
 * Probability that the true level of the frame lies within one of `level`, 0 to 1. It rests on what its patches say of that
 * level, each weighted by its squared certainty as for the level itself: a mean, so that it does not depend on their number.
 * @param probabilities [patches, 11] @param certainties [patches], 0 to 1 @param level of the frame, 0 to 10.
 */
export function frameConfidence(
  probabilities: Float32Array,
  certainties: Float32Array,
  level: number,
  { temperature, frameOffset, frameSlope }: ConfidenceScale,
): number {
  let [agreeing, weights] = [0, 0];
  for (const [patch, certainty] of certainties.entries()) {
    const distribution = probabilities.subarray(patch * LEVELS, (patch + 1) * LEVELS);
    agreeing += certainty * certainty * massNear(tempered(distribution, temperature), level, RIGHT_WITHIN);
    weights += certainty * certainty;
  }
  // Where no patch is certain of anything, nothing is said.
  if (!(weights > 0)) return 0;
  const share = Math.min(1 - SMALLEST_DOUBT, Math.max(SMALLEST_DOUBT, agreeing / weights));
  return 1 / (1 + Math.exp(-frameOffset - frameSlope * Math.log(share / (1 - share))));
}

/** Probability that lies within `reach` of `level`, where that of each whole level is spread over half a level on either side. */
function massNear(distribution: Float64Array, level: number, reach: number): number {
  let mass = 0;
  for (let k = 0; k < distribution.length; k++) {
    mass += distribution[k]! * Math.min(1, Math.max(0, reach + 0.5 - Math.abs(k - level)));
  }
  return mass;
}
