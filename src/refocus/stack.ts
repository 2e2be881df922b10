/**
 * A z-stack judged as a whole: which slice is sharpest, whether focus lies inside, and how far to move all slices if
 * it does not.
 * @module
 */
import type { StackVerdict } from "../protocol/messages.js";
import { FocusBelief, type FocusPrior } from "./focus-belief.js";
import { MIN_GAIN_LEVELS } from "./search.js";
import type { Assessment } from "./thresholds.js";

/** One slice that was judged. */
export interface Slice {
  readonly zIndex: number;
  readonly zUm: number | undefined;
  /** Expected level, 0 to 10. */
  readonly level: number;
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
 * @param slices at least one, in any order. @param size slices of the whole stack.
 * @param maxLevel a slice is sharp at or below this level.
 */
export function judgeStack(
  slices: readonly Slice[],
  size: number,
  maxLevel: number,
  prior: FocusPrior,
): StackFinding {
  const inOrder = [...slices].sort((a, b) => orderOf(a) - orderOf(b));
  const judgeable = inOrder.filter(({ kind }) => kind === "sharp" || kind === "blurred" || kind === "mixed");
  const missing = slices.length < size ? ` (${slices.length} of ${size} slices were judged)` : "";
  const sharpest = sharpestOf(judgeable.length > 0 ? judgeable : inOrder);
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
  if (edge === "none") {
    const isSharp = sharpest.level <= maxLevel;
    const reason = isSharp
      ? `${name}${missing}`
      : `${name}, above ${maxLevel}, though focus lies inside${missing}`;
    return { kind: "inside", isSharp, ...found, reason };
  }
  const reason = `${name} and lies at the ${edge === "low" ? "lower" : "upper"} end of the stack${missing}`;
  return { kind: "outside", shiftUm: shiftOf(judgeable, low, high, edge, prior), ...found, reason };
}

/** The slice with the lowest level; of those that can hardly be told apart the one nearest to the middle. */
function sharpestOf(inOrder: readonly Slice[]): Slice {
  const lowest = Math.min(...inOrder.map(({ level }) => level));
  const offCentre = (slice: Slice) => Math.abs(inOrder.indexOf(slice) - (inOrder.length - 1) / 2);
  return inOrder
    .filter(({ level }) => level < lowest + MIN_GAIN_LEVELS)
    .reduce((a, b) => (offCentre(b) < offCentre(a) ? b : a));
}

/** From the middle of the stack to where its slices say that focus is, um. */
function shiftOf(
  judgeable: readonly Slice[],
  low: Slice,
  high: Slice,
  edge: "low" | "high",
  prior: FocusPrior,
): number | undefined {
  const samples = judgeable.flatMap(({ zUm, level }) => (zUm === undefined ? [] : [{ zUm, level }]));
  if (samples.length < judgeable.length || low.zUm === undefined || high.zUm === undefined) return undefined;
  const belief = new FocusBelief(samples, prior);
  // The side is certain: the levels fall towards it.
  const beyond = belief.zUm
    .map((zUm, i) => ({ zUm, p: belief.probability[i]! }))
    .filter(({ zUm }) => (edge === "low" ? zUm <= low.zUm! : zUm >= high.zUm!));
  const mass = beyond.reduce((sum, { p }) => sum + p, 0);
  const edgeUm = edge === "low" ? low.zUm : high.zUm;
  const focusUm = mass > 0 ? beyond.reduce((sum, { zUm, p }) => sum + zUm * p, 0) / mass : edgeUm;
  return focusUm - (low.zUm + high.zUm) / 2;
}

function orderOf({ zUm, zIndex }: Slice): number {
  return zUm ?? zIndex;
}
