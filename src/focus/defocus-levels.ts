import { LEVELS } from "./levels.js";

/**
 * The defocus that mostly reads so, levels, 0 to 10. An expectation never reaches the ends of the scale, and a level below 2 is drawn
 * to focus, so that a level that is read is not yet a distance.
 * @param expectedLevel of a frame.
 * @param readings what frames at each level mostly read, rising, by the model that judged it. Where nobody has measured it, a level counts as it is.
 */
export function defocusLevels(expectedLevel: number, readings: readonly number[] | undefined): number {
  if (readings === undefined) return expectedLevel;
  const above = readings.findIndex((read) => expectedLevel < read);
  if (above === 0) return 0;
  if (above < 0) return LEVELS - 1;
  const [low, high] = [readings[above - 1]!, readings[above]!];
  return above - 1 + (expectedLevel - low) / (high - low);
}
