import type { RunSettings } from "./checkpoint.js";

const WARM_UP_STEPS = 200;
/** The learning rate falls along a cosine to this share of itself. */
const LAST_RATE_SHARE = 0.01;
/** Points of the curve that a run leaves behind, if it has as many steps. */
const CURVE_POINTS = 60;

/** How much of a run is done, 0 to 1: by its minutes where it has some, else by its steps. One of no steps is done. */
export function shareDone({ steps, minutes }: RunSettings, step: number, seconds: number): number {
  if (minutes !== undefined) return Math.min(1, seconds / (60 * minutes));
  return step < steps ? step / steps : 1;
}

/** Learning rate of a step, by how much of the run is done before it. */
export function learningRate(
  { learningRate: highest }: Pick<RunSettings, "learningRate">,
  step: number,
  share: number,
): number {
  const warm = Math.min(1, (step + 1) / WARM_UP_STEPS);
  const cosine = 0.5 * (1 + Math.cos(Math.PI * share));
  return highest * warm * (LAST_RATE_SHARE + (1 - LAST_RATE_SHARE) * cosine);
}

/** Whether a point of the curve lies between two shares of a run. */
export function isPointDue(before: number, after: number): boolean {
  return Math.floor(after * CURVE_POINTS) > Math.floor(before * CURVE_POINTS);
}
