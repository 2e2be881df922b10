/**
 * What the sites of one channel have shown of its optics and of its content: the um per level, how sharp the content gets, how
 * fine, and with how much contrast. A new site is taken to be like one of the last ones, most likely like those of its own well and those as bright as it
 * is, or like nothing seen so far. So a run over content that never reads 0 learns that it need not, and one odd site does not spoil the rest.
 * @module
 */

import { normalised } from "../statistics.js";
import type { DetailWeights } from "./detail.js";
import { CONTRAST, FINENESS } from "./detail-measures.js";
import type { FocusBelief } from "./focus-belief.js";
import type { Sample } from "./focus-evidence.js";
import { SCALES, scalesAround } from "./focus-prior.js";
import { CONTENTS, UNSURE_NEAR, unsurenessOf } from "./level-response.js";

/** Sites that are remembered, the newest. */
const MAX_SITES = 24;
/** A site of the same well counts as this many others. */
const SAME_WELL = 6;
/** Fields whose brightness differs by this much (standard deviation of the logarithm) are less alike; the least that one counts. */
const BRIGHTNESS_SD = 0.2;
const UNLIKE = 0.05;
/** What was believed before the run counts as this many sites, and as this share at least. */
const BEFORE_RUN = 0.7;
const LEAST_BEFORE_RUN = 0.03;
/** How often frames in focus are unsure was known before the run as if from this many sites: a site kept by mistake is not to excuse others. */
const SURE_BEFORE_RUN = 4;
/** The content of a field is known once so many like it, or so many of any kind, were searched whose plane of focus was found to this, levels. */
const ENOUGH_ALIKE = 3;
const ENOUGH_SITES = 6;
const LOCATED_LEVELS = 0.3;
/** The um per level differ from site to site by this much, with their content (standard deviation of the logarithm). */
const SCALE_SD = 0.06;

const USUAL_CONTENTS = CONTENTS.map(({ usual }) => usual);

interface SiteContent {
  /** Whether its plane of focus was found so well that what it showed there, and beside it, is known. */
  readonly isLocated: boolean;
  readonly well: string | undefined;
  /** Mean count of its frames. */
  readonly brightness: number | undefined;
  readonly scales: readonly number[];
  readonly contents: readonly number[];
  readonly fineness: DetailWeights;
  readonly contrast: DetailWeights;
  /** How unsure of its level its frame in focus is, 0 to 1. */
  readonly unsure: number;
}

/** What is believed of a site to come. */
type ExpectedContent = Pick<SiteContent, "scales" | "contents" | "fineness" | "contrast"> & {
  readonly unsureNear: number;
};

export class ContentMemory {
  readonly #sites: SiteContent[] = [];
  readonly #initialScales: readonly number[];

  /** @param opticsSd how well the um per level are known before the run (standard deviation of the logarithm). */
  constructor(opticsSd: number) {
    this.#initialScales = scalesAround(opticsSd);
  }

  /**
   * Takes in a site that was searched and ended in focus. One frame alone would only echo what was believed before.
   * @param kept the frame that is kept. @param brightness mean count of the first one.
   */
  learn(
    belief: FocusBelief,
    { zUm: keptUm, certainty }: Pick<Sample, "zUm" | "certainty">,
    well: string | undefined,
    brightness: number | undefined,
  ): void {
    this.#sites.push({
      unsure: unsurenessOf(certainty),
      isLocated: isLocated(belief, belief.focusAbout(keptUm)),
      well,
      brightness,
      scales: smoothedScales(belief.scales),
      contents: smoothedContents(belief.contents()),
      fineness: FINENESS.likeThese(belief.fineness()),
      contrast: CONTRAST.likeThese(belief.contrast()),
    });
    if (this.#sites.length > MAX_SITES) this.#sites.shift();
  }

  /** Whether enough fields, as bright as this one or of all kinds, were seen on both sides of focus to say what it may read there. */
  knows(brightness: number | undefined): boolean {
    const located = this.#sites.filter((site) => site.isLocated);
    const alike = located.reduce((sum, site) => sum + likeness(site.brightness, brightness), 0);
    return located.length >= ENOUGH_SITES || alike >= ENOUGH_ALIKE;
  }

  /** Weights of `SCALES`, of `CONTENTS` and of detail for a site to come, and how often it is unsure in focus. @param brightness mean count of its first frame. */
  priorFor(well: string | undefined, brightness: number | undefined): ExpectedContent {
    const weights = this.#sites.map((site) => {
      const ofWell = well !== undefined && site.well === well ? SAME_WELL : 1;
      return ofWell * likeness(site.brightness, brightness);
    });
    const known = weights.reduce((sum, weight) => sum + weight, 0);
    const before = Math.max(BEFORE_RUN, (known * LEAST_BEFORE_RUN) / (1 - LEAST_BEFORE_RUN));
    const mixed = (initial: ArrayLike<number>, of: (site: SiteContent) => ArrayLike<number>) => {
      const sum = new Float64Array(initial.length);
      addWeighted(sum, initial, before / (before + known));
      for (let k = 0; k < weights.length; k++) {
        addWeighted(sum, of(this.#sites[k]!), weights[k]! / (before + known));
      }
      return sum;
    };
    const unsure = this.#sites.reduce((sum, site, k) => sum + weights[k]! * site.unsure, 0);
    return {
      unsureNear: (SURE_BEFORE_RUN * UNSURE_NEAR + unsure) / (SURE_BEFORE_RUN + known),
      scales: [...mixed(this.#initialScales, ({ scales }) => scales)],
      contents: [...mixed(USUAL_CONTENTS, ({ contents }) => contents)],
      fineness: mixed(FINENESS.any, ({ fineness }) => fineness),
      contrast: mixed(CONTRAST.any, ({ contrast }) => contrast),
    };
  }
}

/** Whether a plane of focus is known well enough to learn from. @param sdUm its spread. */
export function isLocated({ umPerLevel }: FocusBelief, { sdUm }: { readonly sdUm: number }): boolean {
  return sdUm <= LOCATED_LEVELS * umPerLevel;
}

function addWeighted(sum: Float64Array, values: ArrayLike<number>, weight: number): void {
  for (let i = 0; i < sum.length; i++) sum[i]! += weight * values[i]!;
}

/** Fields of like brightness are more probably alike: defocus does not change it. */
function likeness(a: number | undefined, b: number | undefined): number {
  if (a === undefined || b === undefined || !(a > 0) || !(b > 0)) return 1;
  const alike = Math.exp(-0.5 * (Math.log(a / b) / BRIGHTNESS_SD) ** 2);
  return UNLIKE + (1 - UNLIKE) * alike;
}

function smoothedScales(weights: readonly number[]): number[] {
  const step = Math.log(SCALES[1]! / SCALES[0]!);
  return smoothed(weights, (k) => Math.exp(-0.5 * ((k * step) / SCALE_SD) ** 2));
}

/** Content differs from site to site by about half a step of `CONTENTS`. */
function smoothedContents(weights: readonly number[]): number[] {
  return smoothed(weights, (k) => (k === 0 ? 1 : k === 1 ? 0.25 : 0));
}

function smoothed(weights: readonly number[], kernel: (distance: number) => number): number[] {
  return normalised(
    weights.map((_, i) => weights.reduce((sum, weight, j) => sum + weight * kernel(Math.abs(i - j)), 0)),
  );
}
