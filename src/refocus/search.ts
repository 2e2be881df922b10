/**
 * The search for the plane of focus, as a pure function of what was seen so far.
 *
 * The level has no sign but it is absolute: a frame of level L lies L x umPerLevel above or below focus. So the
 * search probes one side at that distance, then the other, then fits. Since the level grows in proportion to the
 * distance, its *square* is a parabola in z, and three levels give its vertex without knowing umPerLevel.
 * @module
 */

/** One frame that was judged. */
export interface Sample {
  readonly zUm: number;
  /** Expected level, 0 to 10. */
  readonly level: number;
}

export interface SearchSettings {
  /** Defocus per level of these optics, um. */
  readonly umPerLevel: number;
  /** Which side to probe first: +1 towards larger z. */
  readonly firstSide: 1 | -1;
  /** Where the focus drive may go, um. */
  readonly zLimitsUm?: readonly [number, number] | undefined;
  /** Longest path of the focus drive, um, the way back to the best z included. */
  readonly maxTravelUm: number;
  /** Frames that may still be taken. */
  readonly stepsLeft: number;
}

export type SearchStep =
  | { readonly kind: "move"; readonly toUm: number }
  /** The search is over; go back to the sample with index `keep` if it is not the last one. */
  | { readonly kind: "stop"; readonly keep: number; readonly why: string };

/** From here on a level only says "at least": the scale ends at 10. */
export const SATURATED_LEVEL = 9;

/**
 * A z counts as sharper than the first one only if its level is lower by this much: several times the scatter of the
 * expected level from frame to frame (standard deviation 0.05 or less in 95 % of the demo's frames), so that a site
 * does not end blurrier than it began.
 */
export const MIN_GAIN_LEVELS = 0.15;

/** Two z closer than this many levels are one. */
const SAME_Z_LEVELS = 0.2;

/**
 * Where to look next.
 * @param samples what was seen, in the order it was taken, at least one.
 */
export function nextStep(samples: readonly Sample[], settings: SearchSettings): SearchStep {
  const keep = indexToKeep(samples);
  if (settings.stepsLeft <= 0) return { kind: "stop", keep, why: "the retry budget is spent" };
  const range = reachable(samples, samples[keep]!, settings);
  if (range === undefined) return { kind: "stop", keep, why: "the z limits or the travel limit are reached" };
  for (const guess of guesses(samples, settings)) {
    const toUm = Math.min(Math.max(guess, range[0]), range[1]);
    const isNew = samples.every((s) => Math.abs(s.zUm - toUm) > SAME_Z_LEVELS * settings.umPerLevel);
    if (isNew) return { kind: "move", toUm };
  }
  return { kind: "stop", keep, why: "no other z within the limits is likely to be sharper" };
}

/** The sample to end at: the sharpest, or the first if none is clearly sharper than that. */
export function indexToKeep(samples: readonly Sample[]): number {
  let best = 0;
  for (const [index, sample] of samples.entries()) {
    if (sample.level < samples[best]!.level) best = index;
  }
  return samples[0]!.level - samples[best]!.level >= MIN_GAIN_LEVELS ? best : 0;
}

/** The side of the first z on which the kept one lies, if the search moved. */
export function sideOf(samples: readonly Sample[], keep: number): 1 | -1 | undefined {
  const shiftUm = samples[keep]!.zUm - samples[0]!.zUm;
  return shiftUm === 0 ? undefined : shiftUm > 0 ? 1 : -1;
}

/** Length of the path through the samples, um. */
export function travelOf(samples: readonly { readonly zUm: number }[]): number {
  let travelUm = 0;
  for (let i = 1; i < samples.length; i++) travelUm += Math.abs(samples[i]!.zUm - samples[i - 1]!.zUm);
  return travelUm;
}

/** The z that can be visited, with enough travel left to come back to the best one. */
function reachable(
  samples: readonly Sample[],
  best: Sample,
  { zLimitsUm, maxTravelUm }: SearchSettings,
): [number, number] | undefined {
  const here = samples.at(-1)!.zUm;
  if (zLimitsUm !== undefined && (here < zLimitsUm[0] || here > zLimitsUm[1])) return undefined;
  const low = Math.min(here, best.zUm);
  const high = Math.max(here, best.zUm);
  // Going to z and back costs |z - here| + |z - best|: high - low inside the two, twice the excess outside.
  const slackUm = (maxTravelUm - travelOf(samples) - (high - low)) / 2;
  if (slackUm <= 0) return undefined;
  return [
    Math.max(low - slackUm, zLimitsUm?.[0] ?? Number.NEGATIVE_INFINITY),
    Math.min(high + slackUm, zLimitsUm?.[1] ?? Number.POSITIVE_INFINITY),
  ];
}

/** Promising z, best first; the first that is allowed and new is taken. */
function guesses(samples: readonly Sample[], { umPerLevel, firstSide }: SearchSettings): number[] {
  const first = samples[0]!;
  const stepUm = Math.max(first.level, 1) * umPerLevel;
  const bothSides = [1, -1, 2, -2].map((k) => first.zUm + k * firstSide * stepUm);
  if (samples.length === 1) return bothSides.slice(0, 2);
  const sharp = samples.filter((s) => s.level < SATURATED_LEVEL).sort((a, b) => a.level - b.level);
  if (sharp.length === 0) return bothSides;
  const fell = samples.some((s) => s.level < first.level - MIN_GAIN_LEVELS);
  if (!fell && samples.length === 2) return [otherSide(first, samples[1]!, umPerLevel), ...bothSides];
  const [best, second, third] = sharp;
  const found: number[] = [];
  if (second !== undefined && third !== undefined) {
    const vertexUm = vertexOfSquares(best!, second, third);
    const isNear = Math.abs(vertexUm - best!.zUm) <= 3 * Math.max(best!.level, 1) * umPerLevel;
    if (isNear) found.push(vertexUm);
  }
  const neighbour = nearestOther(samples, best!);
  if (neighbour.level < SATURATED_LEVEL) found.push(fromTwo(best!, neighbour, umPerLevel));
  const outward = Math.sign(best!.zUm - neighbour.zUm) * best!.level * umPerLevel;
  found.push(best!.zUm + outward, best!.zUm - outward);
  return found.concat(bothSides);
}

/**
 * Focus when the level rose from the first sample to the second: both lie on the same side of it, so the two levels
 * tell the real umPerLevel, unless the second one is saturated.
 */
function otherSide(first: Sample, second: Sample, umPerLevel: number): number {
  const rise = second.level - first.level;
  const seenUm = Math.abs(second.zUm - first.zUm) / rise;
  // A rise far from what the optics say means that focus lies elsewhere, or that something drifted.
  const isTold = second.level < SATURATED_LEVEL && seenUm > umPerLevel / 2 && seenUm < umPerLevel * 2;
  return first.zUm - Math.sign(second.zUm - first.zUm) * first.level * (isTold ? seenUm : umPerLevel);
}

/** Vertex of the parabola through (z, level squared) of three samples; NaN if it opens downwards. */
function vertexOfSquares(a: Sample, b: Sample, c: Sample): number {
  const slopeAb = (b.level ** 2 - a.level ** 2) / (b.zUm - a.zUm);
  const slopeBc = (c.level ** 2 - b.level ** 2) / (c.zUm - b.zUm);
  const curvature = (slopeBc - slopeAb) / (c.zUm - a.zUm);
  if (!(curvature > 0)) return Number.NaN;
  return (a.zUm + b.zUm - slopeAb / curvature) / 2;
}

/**
 * Focus from two samples of which `best` is the sharper one. It lies either beyond `best` or between the two, and
 * each assumption implies a umPerLevel; the one nearer to what the optics say is taken.
 */
function fromTwo(best: Sample, other: Sample, umPerLevel: number): number {
  const distanceUm = Math.abs(best.zUm - other.zUm);
  const beyond = distanceUm / (other.level - best.level);
  const between = distanceUm / (other.level + best.level);
  const isBeyond = Math.abs(Math.log(beyond / umPerLevel)) < Math.abs(Math.log(between / umPerLevel));
  const away = Math.sign(best.zUm - other.zUm);
  return best.zUm + away * best.level * (isBeyond ? beyond : -between);
}

function nearestOther(samples: readonly Sample[], best: Sample): Sample {
  let nearest: Sample | undefined;
  for (const sample of samples) {
    if (sample === best) continue;
    const isNearer =
      nearest === undefined || Math.abs(sample.zUm - best.zUm) < Math.abs(nearest.zUm - best.zUm);
    if (isNearer) nearest = sample;
  }
  return nearest!;
}
