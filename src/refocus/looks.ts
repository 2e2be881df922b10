/**
 * Single frames that are taken not to find focus but to learn of the site: what such content reads elsewhere.
 * @module
 */
import { isLocated } from "./content-memory.js";
import { FocusBelief } from "./focus-belief.js";
import type { Sample } from "./focus-evidence.js";
import { obstacleToMove } from "./obstacles.js";
import { type SearchStep, travelOf } from "./search.js";
import { longestPath, moveFrom, rangeOf, type StepContext } from "./step-context.js";
import { limitsOf } from "./thresholds.js";
import { RESPONSE_SPAN_LEVELS } from "./unresponsive-drive.js";

/** Beyond focus, levels and fineness change the most from here on, levels. */
const BEYOND_LEVELS = 1.5;
/** What is cut off a move, and the steps of the drive, must not leave a look beside short of a proof. */
const BESIDE = 1.05;

/**
 * A search that came from one side and ended near focus does not know well where in its depth it ended, nor what such content
 * reads there; the sites after it would be judged by that. So the first searches of a run take one frame more, beyond focus,
 * which tells both. None where focus is known well already, or lies between the frames.
 */
export function lookBeyond(context: StepContext, { keep, evidence }: SearchStep) {
  const { search, settings, knowsContent } = context;
  const { samples } = search;
  if (!settings.lookBeyond || samples.length === 1 || knowsContent()) return undefined;
  // By the frames alone: what is expected of the place is not what they show.
  const belief = new FocusBelief(evidence, { positive: 0.5 });
  const focus = belief.focusAbout(samples[keep]!.zUm);
  if (isLocated(belief, focus)) return undefined;
  const focusUm = focus.zUm;
  const side = samples[0]!.zUm > focusUm ? -1 : 1;
  const isBeyond = ({ zUm }: Sample) => side * (zUm - focusUm) >= belief.umPerLevel;
  if (samples.some(isBeyond)) return undefined;
  return lookAt(context, focusUm + side * BEYOND_LEVELS * belief.umPerLevel);
}

/** Far enough beside a z for any content to read more there; the side with more room. */
export function lookBeside(context: StepContext, zUm: number, umPerLevel: number) {
  const [low, high] = rangeOf(context);
  const byUm = BESIDE * RESPONSE_SPAN_LEVELS * umPerLevel;
  return lookAt(context, high - zUm >= zUm - low ? zUm + byUm : zUm - byUm);
}

/** One frame at a z; undefined where that cannot be had. */
export function lookAt(context: StepContext, zUm: number) {
  const { frame, search, settings, attemptsLeft } = context;
  const [low, high] = rangeOf(context);
  if (zUm < low || zUm > high || attemptsLeft === 0 || settings.dryRun) return undefined;
  if (obstacleToMove(context, limitsOf(settings, frame)) !== undefined) return undefined;
  const action = moveFrom(context, zUm);
  if (action?.kind !== "move-z") return undefined;
  // There, and back to the best so far.
  const backUm = Math.abs(search.samples.at(-1)!.zUm + action.byUm - search.samples[search.best.index]!.zUm);
  const travelUm = travelOf(search.samples) + Math.abs(action.byUm) + backUm;
  return travelUm <= longestPath(context) ? action : undefined;
}
