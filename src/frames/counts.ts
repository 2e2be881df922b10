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

/**
 * Pixels of any kind as 8- or 16-bit counts. Whole numbers that span 16 bits at most keep their steps: where some are negative
 * all are raised by the same. Anything else is stretched over 0 to 65535. A score does not depend on offset and gain, so nothing is
 * lost by it. What is no number counts as the lowest.
 */
export function countsOf(values: Numbers): Frame["pixels"] {
  if (values instanceof Uint8Array || values instanceof Uint16Array) return values;
  let [low, high, isWhole] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, true];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
    isWhole &&= Number.isInteger(value);
  }
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
