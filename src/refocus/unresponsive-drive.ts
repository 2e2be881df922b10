import type { Sample } from "./focus-evidence.js";

/** What is said where moving shows no change of level. */
export const CHANGED_NOTHING =
  "moving the focus drive changed nothing: is the drive connected, the lamp on, the plate in place?";

/** Levels of one site that differ by less show no response to the moves between them. */
const RESPONSE_LEVELS = 0.3;
/** Two frames may lie alike on either side of focus, and near it levels are flat: it takes three, so many levels apart. */
const MIN_SAMPLES = 3;
export const RESPONSE_SPAN_LEVELS = 3;

/** Whether the level changed at all with the moves of a site: else the drive, the light or the sample is not there. */
export function hasResponded(samples: readonly Sample[]): boolean {
  const levels = samples.map(({ level }) => level);
  return Math.max(...levels) - Math.min(...levels) >= RESPONSE_LEVELS;
}

/** Whether a search shows that moving changes nothing. */
export function provesNoResponse(samples: readonly Sample[], umPerLevel: number): boolean {
  const zs = samples.map(({ zUm }) => zUm);
  const spanLevels = (Math.max(...zs) - Math.min(...zs)) / umPerLevel;
  return samples.length >= MIN_SAMPLES && spanLevels >= RESPONSE_SPAN_LEVELS && !hasResponded(samples);
}
