import type { Frame } from "./frame.js";

/** Numbers of any kind, as a file holds them. */
export type Numbers =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | Float32Array
  | Float64Array;

/** Which plane of a colour image is judged: its luminance, or one of its channels. */
export const COLOURS = ["luminance", "red", "green", "blue"] as const;
export type Colour = (typeof COLOURS)[number];

/** Parts of red, green and blue in what the eye takes for brightness (Rec. ITU-R BT.601). */
const LUMINANCE = [0.299, 0.587, 0.114] as const;

const HIGHEST = 0xffff;
/** Pixels on either side that may be left out of a stretch: no spot of light is so small. */
const FEW = 8;
/** They are, where this many steps or fewer would be left for all others. */
const FEWEST_STEPS = 256;

/**
 * Pixels of any kind as 8- or 16-bit counts. Whole numbers that span 16 bits at most keep their steps: where some are negative
 * all are raised by the same. Anything else is stretched over 0 to 65535. A score does not depend on offset and gain, so nothing is
 * lost by it. What is no number counts as the lowest. A few pixels that lie so far outside that the others would be left without
 * steps are set to the next ones.
 */
export function countsOf(values: Numbers): Frame["pixels"] {
  if (values instanceof Uint8Array || values instanceof Uint16Array) return values;
  const { isWhole, ...all } = rangeOf(values);
  const isWide = !isWhole || all.high - all.low > HIGHEST;
  const { low, high } = isWide ? withoutFew(values, all) : all;
  const counts = new Uint16Array(values.length);
  if (low > high) return counts;
  const from = isWhole && low >= 0 && high <= HIGHEST ? 0 : low;
  const gain = isWhole && high - from <= HIGHEST ? 1 : HIGHEST / (high - low || 1);
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    counts[i] = Number.isNaN(value) ? 0 : Math.round((Math.min(Math.max(value, low), high) - from) * gain);
  }
  return counts;
}

interface Range {
  readonly low: number;
  readonly high: number;
}

function rangeOf(values: Numbers): Range & { readonly isWhole: boolean } {
  let [low, high, isWhole] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, true];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
    isWhole &&= Number.isInteger(value);
  }
  return { low, high, isWhole };
}

/** The range without the few numbers that lie far outside of that of all others, where they squash those. */
function withoutFew(values: Numbers, all: Range): Range {
  const lowest = new Float64Array(FEW + 1).fill(Number.POSITIVE_INFINITY);
  const highest = lowest.slice();
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    keepLowest(lowest, value);
    keepLowest(highest, -value);
  }
  const [low, high] = [lowest[FEW]!, -highest[FEW]!];
  const span = high - low;
  if (span <= 0 || span * HIGHEST >= (all.high - all.low) * FEWEST_STEPS) return all;
  return {
    low: lowest.find((value) => value >= low - span)!,
    high: -highest.find((value) => -value <= high + span)!,
  };
}

/** Takes a number among the lowest so far, in order, if it is one of them. */
function keepLowest(lowest: Float64Array, value: number): void {
  let at = lowest.length - 1;
  if (value >= lowest[at]!) return;
  for (; at > 0 && lowest[at - 1]! > value; at--) lowest[at] = lowest[at - 1]!;
  lowest[at] = value;
}

/** One plane of a colour image; counts are rounded. */
export function planeOf(red: Numbers, green: Numbers, blue: Numbers, colour: Colour): Numbers {
  if (colour !== "luminance") return { red, green, blue }[colour];
  const plane = red.slice();
  const isWhole = !(plane instanceof Float32Array || plane instanceof Float64Array);
  for (let i = 0; i < plane.length; i++) {
    const value = LUMINANCE[0] * red[i]! + LUMINANCE[1] * green[i]! + LUMINANCE[2] * blue[i]!;
    plane[i] = isWhole ? Math.round(value) : value;
  }
  return plane;
}
