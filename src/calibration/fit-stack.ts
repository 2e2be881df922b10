/**
 * What a z-stack of one's own says of the optics: how many um blur by one level on either side, and where focus lies.
 * Formulas and metadata only come near it: cover glass, immersion and thick samples shift what an aperture promises.
 * @module
 */
import { StackFitError } from "../errors.js";
import { CONTENTS, RISE_WIDTH, readingAt } from "../refocus/level-response.js";
import { robustSd } from "../statistics.js";

/** One plane of a stack. */
export interface Plane {
  /** Position of the focus drive, um. */
  readonly zUm: number;
  /** Level, 0 to 10. */
  readonly level: number;
}

export interface StackFit {
  /** z of focus, um. */
  readonly focusUm: number;
  /** Defocus that blurs by one level, um: of both sides together, above focus (larger z), below it. */
  readonly umPerLevel: number;
  readonly umPerLevelAbove: number;
  readonly umPerLevelBelow: number;
  /** Level at focus: 0 for points, more for large or thick structure. */
  readonly sharpestLevel: number;
  /** Typical distance of the levels from the fit (1.48 times the median), levels. */
  readonly residual: number;
  /** Level of the fit at any z, um. */
  readonly levelAt: (zUm: number) => number;
}

const FEWEST_PLANES = 5;
/** Between its sharpest and its most blurred plane a stack has to cover so many levels. */
const LEAST_RISE = 2;
/** So many levels off the fit, a plane is of another focus; more than a third of such planes have no focus in common. */
const [ELSEWHERE, MOST_ELSEWHERE] = [1.5, 1 / 3];
/** Levels beyond this rise no more. */
const SATURATED = 9;
/** A plane farther off than this many standard deviations counts no more for it. */
const OUTLIER = 3;
/** Steps of the search for focus and um per level, and how often it is repeated more finely. */
const [FOCUS_STEPS, SCALE_STEPS, ROUNDS] = [60, 40, 4];
/** The two sides are taken to differ by about this (logarithm) before the planes are seen. */
const SIDE_SD = 0.3;

/** Planes of one stack err alike: what they say of its kind of content counts as that of so many times fewer. */
const ALIKE = 4;

/** A kind of content, and how usual it is. */
type Kind = (typeof CONTENTS)[number];

interface Candidate {
  readonly content: Kind;
  readonly focusUm: number;
  readonly above: number;
  readonly below: number;
}

/**
 * Fits the response of levels to defocus to a stack, by least squares that outliers do not move.
 * @param planes at least 5 different z, with focus among them, and blurred by 2 levels or more at one end.
 * @throws StackFitError
 */
export function fitStack(planes: readonly Plane[]): StackFit {
  const z = planes.map(({ zUm }) => zUm);
  const [lowest, highest] = [Math.min(...z), Math.max(...z)];
  if (new Set(z).size < FEWEST_PLANES) {
    throw new StackFitError(
      `the stack has ${new Set(z).size} planes at different z; it takes ${FEWEST_PLANES} or more`,
    );
  }
  const levels = planes.map(({ level }) => level);
  const rise = Math.max(...levels) - Math.min(...levels);
  if (rise < LEAST_RISE) {
    throw new StackFitError(
      `the levels of the stack differ by ${rise.toFixed(1)} only; take it further out of focus (${LEAST_RISE} levels or more)`,
    );
  }
  const best = withSides(planes, searched(planes, lowest, highest));
  const levelAt = (zUm: number) => reading(best, zUm);
  const misses = planes
    .filter(({ level }) => level < SATURATED)
    .map(({ zUm, level }) => level - levelAt(zUm));
  const elsewhere = misses.filter((miss) => Math.abs(miss) > ELSEWHERE).length;
  if (elsewhere > MOST_ELSEWHERE * planes.length) {
    throw new StackFitError(
      `${elsewhere} of the ${planes.length} planes do not lie about one focus: they are not in the order of z, or of several stacks, layers or fields`,
    );
  }
  return {
    focusUm: best.focusUm,
    umPerLevel: Math.sqrt(best.above * best.below),
    umPerLevelAbove: best.above,
    umPerLevelBelow: best.below,
    sharpestLevel: levelAt(best.focusUm),
    residual: robustSd(misses),
    levelAt,
  };
}

/** The best focus, um per level and content with both sides alike: a grid over all, and finer ones around its best. */
function searched(planes: readonly Plane[], lowest: number, highest: number): Candidate {
  const spanUm = highest - lowest;
  let [focusLow, focusHigh] = [lowest - 0.2 * spanUm, highest + 0.2 * spanUm];
  // A stack of ten levels a side to one of a level and a half in all.
  let [scaleLow, scaleHigh] = [spanUm / 25, spanUm / 1.5];
  let contents = CONTENTS;
  let best: Candidate | undefined;
  for (let round = 0; round < ROUNDS; round++) {
    let least = Number.POSITIVE_INFINITY;
    for (const focusUm of spread(focusLow, focusHigh, FOCUS_STEPS)) {
      for (const logScale of spread(Math.log(scaleLow), Math.log(scaleHigh), SCALE_STEPS)) {
        const scale = Math.exp(logScale);
        for (const content of contents) {
          const candidate = { content, focusUm, above: scale, below: scale };
          const cost = costOf(planes, candidate, least);
          if (cost < least) [least, best] = [cost, candidate];
        }
      }
    }
    const step = (focusHigh - focusLow) / FOCUS_STEPS;
    [focusLow, focusHigh] = [best!.focusUm - 2 * step, best!.focusUm + 2 * step];
    const ratio = (scaleHigh / scaleLow) ** (2 / SCALE_STEPS);
    [scaleLow, scaleHigh] = [best!.above / ratio, best!.above * ratio];
    // Between the kinds of content there are others: a little more or less blur of its own.
    contents = [-0.5, 0, 0.5].map((more) => ({
      ...best!.content,
      squaredBlur: best!.content.squaredBlur + more / 2 ** round,
    }));
  }
  return best!;
}

/** The same with an um per level of its own for each side, which moves focus as well. */
function withSides(planes: readonly Plane[], alike: Candidate): Candidate {
  let best = alike;
  let reach = 1;
  for (let round = 0; round < ROUNDS; round++, reach /= 3) {
    const around = best;
    let least = Number.POSITIVE_INFINITY;
    // What both sides alike made of the content may have been their difference.
    for (const content of round === 0 ? [alike.content, ...CONTENTS] : [around.content]) {
      for (const shift of spread(-reach, reach, 12)) {
        const focusUm = around.focusUm + shift * alike.above;
        for (const above of spread(-reach, reach, 12)) {
          for (const below of spread(-reach, reach, 12)) {
            const candidate = {
              ...{ content, focusUm },
              above: around.above * Math.exp(0.6 * above),
              below: around.below * Math.exp(0.6 * below),
            };
            const difference = (Math.log(candidate.above / candidate.below) / SIDE_SD) ** 2;
            const cost = difference + costOf(planes, candidate, least);
            if (cost < least) [least, best] = [cost, candidate];
          }
        }
      }
    }
  }
  return best;
}

/**
 * Sum of squared misses in standard deviations, and what an unusual kind of content costs; given up where it is over `least` already.
 * Without the latter, cells that look a little like beads were taken for these, at a fourth more um per level.
 */
function costOf(planes: readonly Plane[], candidate: Candidate, least: number): number {
  let sum = -2 * ALIKE * Math.log(candidate.content.usual);
  for (const { zUm, level } of planes) {
    const expected = reading(candidate, zUm);
    // A saturated plane tells only that it is far away.
    const miss = level >= SATURATED && expected >= SATURATED ? 0 : level - expected;
    sum += Math.min(OUTLIER, Math.abs(miss) / (0.1 + 0.04 * Math.min(expected, SATURATED))) ** 2;
    if (sum > least) return sum;
  }
  return sum;
}

function reading({ content, focusUm, above, below }: Candidate, zUm: number): number {
  const levels = (zUm - focusUm) / (zUm >= focusUm ? above : below);
  const blur = Math.sqrt(Math.max(0, levels ** 2 + content.squaredBlur));
  return Math.min(
    10,
    readingAt(content.curve, blur) + content.rise * Math.exp(-((levels / RISE_WIDTH) ** 2)),
  );
}

function spread(low: number, high: number, steps: number): number[] {
  return Array.from({ length: steps + 1 }, (_, i) => low + ((high - low) * i) / steps);
}
