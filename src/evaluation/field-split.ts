import type { Random } from "../optics/random.js";
import { groupBy } from "./group-by.js";

/** A frame that somebody labelled. */
export interface LabelledFrame {
  /** Frames of one field belong together: they never stand on both sides of a split. */
  readonly field: string;
  readonly inFocus: boolean;
}

/** Frames to choose thresholds on, and frames to judge them on. */
export interface Split<T> {
  readonly tuning: readonly T[];
  readonly judged: readonly T[];
}

/**
 * Splits frames by whole fields, drawn at random until `share` (0 to 1) of the frames is for tuning, and on until tuning has
 * frames of both labels. Undefined where frames of both labels cannot stand on both sides.
 */
export function splitByField<T extends LabelledFrame>(
  frames: readonly T[],
  share: number,
  random: Random,
): Split<T> | undefined {
  const tuning: T[] = [];
  const judged: T[] = [];
  for (const field of random.shuffled(framesByField(frames))) {
    const isEnough = tuning.length >= share * frames.length;
    const bringsLabel = field.some(({ inFocus }) => tuning.every((frame) => frame.inFocus !== inFocus));
    (isEnough && !bringsLabel ? judged : tuning).push(...field);
  }
  return hasBothLabels(tuning) && hasBothLabels(judged) ? { tuning, judged } : undefined;
}

/** The frames of each field, in the order in which the fields come first. */
export function framesByField<T extends LabelledFrame>(frames: readonly T[]): T[][] {
  return [...groupBy(frames, ({ field }) => field).values()];
}

export function hasBothLabels(frames: readonly LabelledFrame[]): boolean {
  return frames.some(({ inFocus }) => inFocus) && frames.some(({ inFocus }) => !inFocus);
}
