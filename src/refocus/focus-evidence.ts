/**
 * What the frames of one site say of its plane of focus and of the um per level, whatever was expected of the place: their
 * levels, the fineness of their detail, and which of two has more contrast.
 * @module
 */
import { DetailEvidence, type MeasuredDetail } from "./detail.js";
import { CONTRAST, FINENESS } from "./detail-measures.js";
import { type ContentPrior, gridAround, meanScale, SCALES } from "./focus-prior.js";
import { LevelEvidence } from "./level-evidence.js";

/** One frame that was judged. */
export interface Sample {
  readonly zUm: number;
  /** Level, 0 to 10. */
  readonly level: number;
  /** Standard deviation of the level as far as the frame tells it, levels; default 0. */
  readonly levelSd?: number | undefined;
  /** How certain the frame is of its level, 0 to 1. @default certain */
  readonly certainty?: number | undefined;
  /** Contrast of fine detail, in any unit: of two frames of one site, the one with more is nearer to focus. */
  readonly contrast?: number | undefined;
  /** Mean count. */
  readonly brightness?: number | undefined;
  /** Fineness of its detail, see `FINENESS`. */
  readonly fineness?: number | undefined;
}

/** Older frames count less: focus drifts. Levels of standard deviation for each square root of a later frame. */
const AGEING = 0.05;
/** Weights that do not matter. */
export const NEGLIGIBLE = 1e-5;
/** Contrast says which of two frames is nearer to focus if it differs by this share (light and bleaching vary by less). */
const DECISIVE_CONTRAST = 0.05;
/** It is wrong in this share, and hardly tells frames apart that lie this much nearer than each other, levels. */
const WRONG_ORDERS = 0.03;
const ORDER_LEVELS = 0.15;
/** From this level on, contrast is that of grain. */
const NOTHING_LEFT = 9;
/** From this lead on, levels, the order says no more. */
const CLEAR_LEAD = 2;
/** Detail is weighed once for so many of `SCALES`, which differ by an eighth at most. */
const SCALES_ALIKE = 3;

/** The evidence of some frames of one site. */
export class FocusEvidence {
  /** Where the first frame was taken, um. */
  readonly firstUm: number;
  /** Of the optics, um. */
  readonly umPerLevel: number;
  /** As stated, 1 and up: see `ContentPrior`. */
  readonly oversampling: number;
  /** What was believed of the um per level before the frames, over the stated ones. */
  readonly learnedScale: number;
  /** Planes of focus, um, evenly spaced. */
  readonly zUm: readonly number[];
  /** For each of `SCALES` whose weight matters, how probable it is to see this with each plane of focus, times that weight. */
  readonly likelihoods: readonly (Float64Array | undefined)[];
  readonly levels: LevelEvidence;
  readonly fineness: DetailEvidence;
  readonly contrast: DetailEvidence;

  /** @param samples frames in the order they were taken, at least one. @param prior what is believed of their content. */
  constructor(samples: readonly Sample[], prior: ContentPrior) {
    this.firstUm = samples[0]!.zUm;
    this.umPerLevel = prior.umPerLevel;
    this.oversampling = prior.oversampling ?? 1;
    this.learnedScale = meanScale(prior.scales);
    const framesUm = samples.map(({ zUm }) => zUm);
    this.zUm = gridAround(framesUm, prior.umPerLevel);
    // A single frame stands in the middle, and says the same of either side.
    const isMirrored = samples.length === 1;
    const grid = isMirrored ? this.zUm.slice(0, Math.ceil(this.zUm.length / 2)) : this.zUm;
    const sds = samples.map(({ levelSd = 0 }, k) =>
      Math.hypot(levelSd, AGEING * Math.sqrt(samples.length - 1 - k)),
    );
    this.levels = new LevelEvidence(samples, sds, prior.contents, prior.unsureNear);
    const finenesses = samples.map(({ zUm, fineness }) => ({ zUm, value: fineness }));
    this.fineness = new DetailEvidence(FINENESS, finenesses, prior.fineness ?? FINENESS.any);
    const contrasts = samples.map(logContrastOf);
    this.contrast = new DetailEvidence(CONTRAST, contrasts, prior.contrast ?? CONTRAST.any);
    // What its field lets expect is said once, and counts by its square root: fields that differ in contrast often differ in fineness and
    // kind, too. From the second frame on, the order says more.
    const ofFirst = new DetailEvidence(CONTRAST, contrasts.slice(0, 1), prior.contrast ?? CONTRAST.any);
    const orders = ordersOf(samples);
    let details: { readonly group: number; readonly likelihoods: Float64Array } | undefined;
    this.likelihoods = SCALES.map((scale, s) => {
      const weight = prior.scales[s]!;
      if (weight < NEGLIGIBLE) return undefined;
      const umPerLevel = prior.umPerLevel * scale;
      const group = Math.floor(s / SCALES_ALIKE);
      if (group !== details?.group) {
        details = { group, likelihoods: this.fineness.over(grid, umPerLevel) };
        const byContrast = ofFirst.over(grid, umPerLevel);
        for (let i = 0; i < byContrast.length; i++) byContrast[i] = Math.sqrt(byContrast[i]!);
        multiply(details.likelihoods, byContrast);
      }
      const likely = this.levels.over(grid, umPerLevel);
      multiply(likely, details.likelihoods, weight);
      for (const order of orders) weighByOrder(likely, grid, order, umPerLevel);
      return isMirrored ? withMirrorImage(likely, this.zUm.length) : likely;
    });
  }
}

/** @param half the first values of `length`, of which the last ones are the mirror image. */
function withMirrorImage(half: Float64Array, length: number): Float64Array {
  const whole = new Float64Array(length);
  for (let i = 0; i < half.length; i++) {
    whole[i] = half[i]!;
    whole[length - 1 - i] = half[i]!;
  }
  return whole;
}

function multiply(values: Float64Array, by: Float64Array, weight = 1): void {
  for (let i = 0; i < values.length; i++) values[i]! *= weight * by[i]!;
}

/** Of a frame in which something of the structure is left: what is left far from focus is grain. */
function logContrastOf({ zUm, level, contrast }: Sample): MeasuredDetail {
  const isSignal = contrast !== undefined && contrast > 0 && level < NOTHING_LEFT;
  return { zUm, value: isSignal ? Math.log(contrast) : undefined };
}

/** Two frames of which contrast says which one is nearer to focus. */
interface Order {
  readonly nearerUm: number;
  readonly fartherUm: number;
}

function weighByOrder(
  likely: Float64Array,
  grid: readonly number[],
  { nearerUm, fartherUm }: Order,
  umPerLevel: number,
): void {
  for (let i = 0; i < likely.length; i++) {
    const leadUm = Math.abs(fartherUm - grid[i]!) - Math.abs(nearerUm - grid[i]!);
    likely[i]! *= orderLikelihood(leadUm / umPerLevel);
  }
}

/** Of frames that lie next to each other in z, those whose contrast says which one is nearer to focus. */
function ordersOf(samples: readonly Sample[]): Order[] {
  const inOrder = samples.filter(({ contrast }) => contrast !== undefined).sort((a, b) => a.zUm - b.zUm);
  return inOrder.slice(1).flatMap((sample, i) => {
    const [sharper, other] =
      sample.contrast! > inOrder[i]!.contrast! ? [sample, inOrder[i]!] : [inOrder[i]!, sample];
    if (sharper.contrast! - other.contrast! <= DECISIVE_CONTRAST * sharper.contrast!) return [];
    return [{ nearerUm: sharper.zUm, fartherUm: other.zUm }];
  });
}

/** How probable it is that the frame with more contrast is the one that is nearer to focus by so many levels. */
function orderLikelihood(leadLevels: number): number {
  if (leadLevels > CLEAR_LEAD) return 1 - WRONG_ORDERS;
  if (leadLevels < -CLEAR_LEAD) return WRONG_ORDERS;
  return WRONG_ORDERS + (1 - 2 * WRONG_ORDERS) / (1 + Math.exp(-leadLevels / ORDER_LEVELS));
}
