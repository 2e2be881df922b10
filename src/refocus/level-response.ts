/**
 * What level a frame reads at a distance from focus. Structure that is itself extended (large nuclei, thick tissue, small
 * pixels) reads above 0 in its plane of focus; this blur of the content and that of defocus add as independent blurs do,
 * in squares. So one curve serves all content: level = response(sqrt(defocus^2 + content blur^2)), all in levels. Fine
 * texture is taken for a little blur in its very plane of focus, and reads less a level beside it.
 *
 * The curve, and how well levels follow it, were measured with the shipped model: `scripts/measure-response.ts`.
 * @module
 */

/** Levels that are read at blurs, in rising order; both in levels. */
type Curve = readonly (readonly [blur: number, level: number])[];

/** What a content reads. */
export interface Content {
  readonly curve: Curve;
  /** Square of its own blur, levels squared; below 0: sharper than the content of the curve. */
  readonly squaredBlur: number;
  /** How much more it reads in its plane of focus than the curve has, levels. */
  readonly rise: number;
}

/** Defocus at which the rise has fallen to a third, levels. */
export const RISE_WIDTH = 0.7;

/** Cells, nuclei, tissue. */
const EXTENDED: Curve = [
  [0, 0.24],
  [0.5, 0.27],
  [1, 0.33],
  [1.5, 0.48],
  [2, 0.96],
  [2.5, 1.89],
  [3, 2.56],
  [3.5, 3.15],
  [4, 3.77],
  [5, 4.84],
  [6, 5.75],
  [7, 6.85],
  [8, 7.94],
  [9, 8.85],
  [10, 9.5],
];
/**
 * Smooth structure without fine detail (worms, tissue in transmitted light): it loses what it has late, and then little by little. Drawn
 * through the medians of four such sources, not fitted as the other two; rare before a run has shown it.
 */
const SMOOTH: Curve = [
  [0, 0.26],
  [0.5, 0.27],
  [1, 0.3],
  [1.5, 0.4],
  [2, 0.58],
  [2.5, 1.05],
  [3, 1.7],
  [3.5, 2.25],
  [4, 2.75],
  [4.5, 3.1],
  [5, 3.4],
  [6, 4],
  [7, 4.8],
  [8, 5.6],
  [9, 6.6],
  [10, 9.5],
];
/** Beads and spots: no blur of their own. */
const POINTS: Curve = [
  [0, 0.32],
  [0.5, 0.37],
  [0.75, 0.42],
  [1, 0.53],
  [1.25, 0.82],
  [1.5, 1.46],
  [1.75, 1.91],
  [2, 2.25],
  [2.5, 2.97],
  [3, 3.54],
  [3.5, 4.03],
  [4, 4.7],
  [5, 5.52],
  [6, 6.52],
  [7, 7.5],
  [8, 8.3],
  [9, 9.08],
  [10, 9.5],
];
/** Kinds of content that are told apart, and how often each is met before a run has shown its own. */
export const CONTENTS: readonly (Content & { readonly usual: number })[] = [
  { curve: POINTS, squaredBlur: 0, rise: 0, usual: 0.05 },
  { curve: EXTENDED, squaredBlur: -1, rise: 0, usual: 0.03 },
  { curve: EXTENDED, squaredBlur: 0, rise: 0, usual: 0.06 },
  { curve: EXTENDED, squaredBlur: 1, rise: 0, usual: 0.13 },
  { curve: EXTENDED, squaredBlur: 1.8, rise: 0, usual: 0.17 },
  { curve: EXTENDED, squaredBlur: 2.6, rise: 0, usual: 0.13 },
  { curve: EXTENDED, squaredBlur: 3.6, rise: 0, usual: 0.1 },
  { curve: EXTENDED, squaredBlur: 4.8, rise: 0, usual: 0.09 },
  { curve: EXTENDED, squaredBlur: 6.5, rise: 0, usual: 0.07 },
  { curve: EXTENDED, squaredBlur: 9, rise: 0, usual: 0.04 },
  { curve: EXTENDED, squaredBlur: 13, rise: 0, usual: 0.02 },
  { curve: EXTENDED, squaredBlur: 0, rise: 0.2, usual: 0.05 },
  { curve: EXTENDED, squaredBlur: 1, rise: 0.2, usual: 0.05 },
  { curve: EXTENDED, squaredBlur: 2.2, rise: 0.2, usual: 0.05 },
  { curve: SMOOTH, squaredBlur: -0.5, rise: 0, usual: 0.004 },
  { curve: SMOOTH, squaredBlur: 0, rise: 0, usual: 0.006 },
  { curve: SMOOTH, squaredBlur: 1, rise: 0, usual: 0.006 },
];
/** From here on levels rise no more; they may even fall, as nothing of the structure is left. */
const LAST_BLUR = 10;
const LAST_LEVEL = 9.5;
/** What reads less than this is as sharp as what reads this. */
const LEAST_LEVEL = 0.22;
/** Scatter of levels about the curve: constant, and per level. */
const SD = 0.07;
const SD_PER_LEVEL = 0.025;
/** Beyond `LAST_BLUR`, levels scatter down by this much for each level of blur. */
const LOST_SD_PER_LEVEL = 1;
/** A frame is unsure of its level up to the first certainty, and sure of it from the second on. */
const UNSURE_TO = 0.15;
const SURE_FROM = 0.25;
/** Share of frames that are unsure: in focus, where they read up to `FAINT_LEVEL`, and beyond the last level; between, on a line. */
export const UNSURE_NEAR = 0.08;
const FAINT_LEVEL = 2;
const UNSURE_FAR = 0.4;
const FAR_LEVEL = 13;
/** Share of the unsure frames whose level says nothing, of what reads more than `FAINT_LEVEL`. */
const FAINT_OUTLIERS = 0.6;
/** Share of frames whose level says nothing (a cell floated by, the model erred). */
const OUTLIERS = 0.03;
/** Density of such a level, over 0 to 10. */
const OUTLIER_DENSITY = 0.1;

/**
 * What is read where defocus and the content's own blur come to `blur`, levels (0 and up): the level, and beyond the last
 * one the blur that is in excess, too, as if levels went on.
 */
export function readingAt(curve: Curve, blur: number): number {
  if (blur >= LAST_BLUR) return LAST_LEVEL + blur - LAST_BLUR;
  const i = curve.findIndex(([end]) => blur < end);
  const [start, levelAtStart] = curve[i - 1]!;
  const [end, levelAtEnd] = curve[i]!;
  return levelAtStart + ((blur - start) / (end - start)) * (levelAtEnd - levelAtStart);
}

/**
 * How unsure a frame is of its level, 0 to 1. Structure that is so far from focus that hardly anything is left reads any level, even
 * that of a sharp frame, but with little certainty.
 * @param certainty of the frame, 0 to 1; one that is not known is taken for sure.
 */
export function unsurenessOf(certainty = 1): number {
  return Math.min(1, Math.max(0, (SURE_FROM - certainty) / (SURE_FROM - UNSURE_TO)));
}

/** Whether a frame of this certainty is rather unsure of its level than sure. */
export function isUnsure(certainty: number | undefined): boolean {
  return unsurenessOf(certainty) > 0.5;
}

/**
 * How probable a level is where `reading` is to be read (density over levels), and to be so sure of it.
 * @param frameSd what the frame itself says of how sure its level is, levels. @param unsure see `unsurenessOf`. @param unsureNear share of the
 * frames in focus that are unsure.
 */
export function likelihoodOf(
  level: number,
  frameSd: number,
  reading: number,
  unsure = 0,
  unsureNear = UNSURE_NEAR,
): number {
  const expected = Math.min(reading, LAST_LEVEL);
  const seen = Math.max(level, LEAST_LEVEL);
  let sd = Math.sqrt((SD + SD_PER_LEVEL * expected) ** 2 + frameSd ** 2);
  if (seen < expected) sd += LOST_SD_PER_LEVEL * (reading - expected);
  const gaussian = Math.exp(-0.5 * ((seen - expected) / sd) ** 2) / (sd * Math.sqrt(2 * Math.PI));
  const density = (outliers: number) => (1 - outliers) * gaussian + outliers * OUTLIER_DENSITY;
  const unsureShare = unsureShareAt(reading, unsureNear);
  const outliers = reading > FAINT_LEVEL ? FAINT_OUTLIERS : OUTLIERS;
  return (1 - unsure) * (1 - unsureShare) * density(OUTLIERS) + unsure * unsureShare * density(outliers);
}

function unsureShareAt(reading: number, near: number): number {
  const far = Math.min(1, Math.max(0, (reading - FAINT_LEVEL) / (FAR_LEVEL - FAINT_LEVEL)));
  return near + far * Math.max(0, UNSURE_FAR - near);
}
