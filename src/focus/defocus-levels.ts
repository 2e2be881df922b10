import { LEVELS } from "./levels.js";

const WHOLE_LEVELS = Array.from({ length: LEVELS }, (_, level) => level);

/**
 * The defocus that mostly reads so, levels, 0 to 10. A level below 2 is drawn to focus, and one at the ends of the scale away from them,
 * so that a level that is read is not yet a distance.
 * @param read `medianLevel` of a frame.
 * @param readings what frames at each level mostly read, rising, by the model that judged it. Where nobody has measured it, a level counts as it is.
 */
export function defocusLevels(read: number, readings: readonly number[] = WHOLE_LEVELS): number {
  const above = readings.findIndex((reading) => read < reading);
  if (above === 0) return 0;
  if (above < 0) return LEVELS - 1;
  const [low, high] = [readings[above - 1]!, readings[above]!];
  return above - 1 + (read - low) / (high - low);
}
