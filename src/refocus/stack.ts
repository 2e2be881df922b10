/**
 * A z-stack judged as a whole: which slice is sharpest, whether focus lies inside, and how far to move all slices if
 * it does not.
 * @module
 */
import type { StackVerdict } from "../protocol/messages.js";
import { beliefAfter, type FocusBelief } from "./focus-belief.js";
import type { FocusPrior } from "./focus-prior.js";
import { ACCEPTED_FROM, MIN_GAIN_LEVELS } from "./search.js";
import type { Assessment, ChannelRules } from "./thresholds.js";

/** Focus lies beyond the end of a stack if it does so with this probability: a shift costs the whole stack again. */
const BEYOND_FROM = 0.85;

/** So many slices either side of the one with the lowest level are compared by contrast and fineness, too. */
const NEAR_SLICES = 5;

/** Fine texture reads up to so many levels more in its plane of focus. */
const TEXTURE_LEVELS = 0.5;

/** One slice that was judged. */
export interface Slice {
  readonly zIndex: number;
  readonly zUm: number | undefined;
  /** Expected level, 0 to 10. */
  readonly level: number;
  /** Standard deviation of the level, levels. */
  readonly levelSd?: number | undefined;
  /** Contrast and fineness as in a `Sample`. */
  readonly contrast?: number | undefined;
  readonly fineness?: number | undefined;
  readonly kind: Assessment["kind"];
  readonly id: string;
}

export type StackFinding =
  /** No slice can be judged. */
  | {
      readonly kind: "blank";
      readonly verdict: StackVerdict;
      readonly sharpest: Slice;
      readonly reason: string;
    }
  /** Focus lies inside; `isSharp` if a slice shows it. */
  | {
      readonly kind: "inside";
      readonly isSharp: boolean;
      readonly verdict: StackVerdict;
      readonly sharpest: Slice;
      readonly reason: string;
    }
  /** Focus lies at the edge or outside; move all slices by `shiftUm`, undefined where z is not known. */
  | {
      readonly kind: "outside";
      readonly shiftUm: number | undefined;
      readonly verdict: StackVerdict;
      readonly sharpest: Slice;
      readonly reason: string;
    };

/**
 * @param slices at least one, in any order. @param size slices of the whole stack, if known.
 */
export function judgeStack(
  slices: readonly Slice[],
  size: number | undefined,
  rules: Pick<ChannelRules, "sharp" | "maxLevel">,
  prior: FocusPrior,
): StackFinding {
  const inOrder = [...slices].sort((a, b) => orderOf(a) - orderOf(b));
  const judgeable = inOrder.filter(({ kind }) => kind === "sharp" || kind === "blurred" || kind === "mixed");
  const missing =
    size !== undefined && slices.length < size ? ` (${slices.length} of ${size} slices were judged)` : "";
  const belief = beliefOf(judgeable, prior);
  const sharpest = sharpestOf(judgeable.length > 0 ? judgeable : inOrder, belief);
  const low = inOrder[0]!;
  const high = inOrder.at(-1)!;
  const edge = inOrder.length < 2 ? "none" : sharpest === low ? "low" : sharpest === high ? "high" : "none";
  const verdict: StackVerdict = {
    judged: slices.length,
    sharpestZIndex: sharpest.zIndex,
    ...(sharpest.zUm !== undefined && { sharpestZUm: sharpest.zUm }),
    sharpestLevel: Math.round(sharpest.level * 1e4) / 1e4,
    edge,
  };
  const found = { verdict, sharpest };
  if (judgeable.length === 0) return { kind: "blank", ...found, reason: `no slice can be judged${missing}` };
  const name = `slice ${sharpest.zIndex} is the sharpest (level ${sharpest.level.toFixed(1)})`;
  if (edge === "none" || (belief !== undefined && !isBeyond(belief, low, high, edge))) {
    const isSharp =
      rules.sharp === "learned" && belief !== undefined
        ? belief.inFocusAt(sharpest.zUm!) >= ACCEPTED_FROM
        : sharpest.level <= rules.maxLevel;
    const reason = isSharp ? `${name}${missing}` : `${name}, not sharp, though focus lies inside${missing}`;
    return { kind: "inside", isSharp, ...found, reason };
  }
  const reason = `${name} and lies at the ${edge === "low" ? "lower" : "upper"} end of the stack${missing}`;
  const shiftUm = belief && shiftOf(belief, low, high, edge);
  return { kind: "outside", shiftUm, ...found, reason };
}

/** What the slices together say, if all report z. */
function beliefOf(judgeable: readonly Slice[], prior: FocusPrior): FocusBelief | undefined {
  if (judgeable.length === 0) return undefined;
  const lowest = judgeable.indexOf(lowestOf(judgeable));
  const samples = judgeable.flatMap(({ zUm, level, levelSd, contrast, fineness }, i) => {
    if (zUm === undefined) return [];
    const isNear = Math.abs(i - lowest) <= NEAR_SLICES;
    return [{ zUm, level, levelSd, ...(isNear && { contrast, fineness }) }];
  });
  return samples.length < judgeable.length ? undefined : beliefAfter(samples, prior);
}

/** Whether focus lies beyond the end where the sharpest slice lies. */
function isBeyond(belief: FocusBelief, low: Slice, high: Slice, edge: "low" | "high"): boolean {
  const beyond = beyondEdge(belief, low, high, edge).reduce((sum, { p }) => sum + p, 0);
  return beyond > BEYOND_FROM;
}

/** The planes of focus beyond the end where the sharpest slice lies, and the probability of each. */
function beyondEdge(belief: FocusBelief, low: Slice, high: Slice, edge: "low" | "high") {
  return belief.zUm
    .map((zUm, i) => ({ zUm, p: belief.probability[i]! }))
    .filter(({ zUm }) => (edge === "low" ? zUm <= low.zUm! : zUm >= high.zUm!));
}

/**
 * The slice with the lowest level; of those that can hardly be told apart, and of those that are finer and read little more,
 * the one nearest to where all slices say that focus is, or where that is not known, to the middle.
 */
function sharpestOf(inOrder: readonly Slice[], belief: FocusBelief | undefined): Slice {
  const lowest = lowestOf(inOrder);
  const focusUm = belief?.focusNear(lowest.zUm!, 2 * belief.umPerLevel).zUm;
  const distance = (slice: Slice) =>
    focusUm === undefined
      ? Math.abs(inOrder.indexOf(slice) - (inOrder.length - 1) / 2)
      : Math.abs(slice.zUm! - focusUm);
  return inOrder
    .filter((slice) => slice.level < lowest.level + MIN_GAIN_LEVELS || isFiner(slice, lowest))
    .reduce((a, b) => (distance(b) < distance(a) ? b : a));
}

function lowestOf(slices: readonly Slice[]): Slice {
  return slices.reduce((a, b) => (b.level < a.level ? b : a));
}

/** Fine texture reads more in its plane of focus than beside it, and is finer all the same. */
function isFiner(slice: Slice, lowest: Slice): boolean {
  if (slice.level > lowest.level + TEXTURE_LEVELS) return false;
  return slice.fineness !== undefined && lowest.fineness !== undefined && slice.fineness > lowest.fineness;
}

/** From the middle of the stack to where its slices say that focus is, um. */
function shiftOf(belief: FocusBelief, low: Slice, high: Slice, edge: "low" | "high"): number {
  // The side is certain: the levels fall towards it.
  const beyond = beyondEdge(belief, low, high, edge);
  const mass = beyond.reduce((sum, { p }) => sum + p, 0);
  const edgeUm = edge === "low" ? low.zUm! : high.zUm!;
  const focusUm = mass > 0 ? beyond.reduce((sum, { zUm, p }) => sum + zUm * p, 0) / mass : edgeUm;
  return focusUm - (low.zUm! + high.zUm!) / 2;
}

function orderOf({ zUm, zIndex }: Slice): number {
  return zUm ?? zIndex;
}
