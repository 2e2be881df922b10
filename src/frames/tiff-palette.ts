import { type Colour, countsOf, planeOf } from "./counts.js";
import type { Frame } from "./frame.js";
import { type TiffDirectory, TiffTag } from "./tiff-directory.js";
import { isImageJ } from "./tiff-metadata.js";

const PALETTE = 3;
/** Of the steps of a scale, so many turn around at most: every second one or more does in a palette of colours. */
const MOST_TURNS = 1 / 3;

/**
 * What is judged of a page with a palette: its colours as those of any other image, or its counts where the palette is only how a
 * screen shows them. That is so where the colours grow brighter throughout; the first and the last may mark what is too dark or too
 * bright. Of ImageJ it is so for all look-up tables: its 8-bit colours are those whose neighbours are of any brightness.
 */
export function withoutPalette(
  counts: Frame["pixels"],
  directory: TiffDirectory,
  colour: Colour,
): Frame["pixels"] {
  if (directory.number(TiffTag.photometric) !== PALETTE) return counts;
  const map = directory.numbers(TiffTag.colourMap) ?? [];
  const luminance = coloursIn(map, "luminance");
  if (isImageJ(directory) ? !isOfAnyOrder(luminance) : growsBrighter(luminance)) return counts;
  // Colours of 16 bits for counts of 8 say no more than such of 8.
  const isWide = counts instanceof Uint8Array && map.some((value) => value > 0xff);
  const shown = coloursIn(isWide ? map.map((value) => value >> 8) : map, colour);
  return counts.map((count) => shown[count] ?? 0);
}

/** Of each entry of a colour map, which holds all reds, then all greens, then all blues. */
function coloursIn(map: readonly number[], colour: Colour): Frame["pixels"] {
  const size = Math.floor(map.length / 3);
  const [red, green, blue] = [0, 1, 2].map((part) =>
    Uint16Array.from(map.slice(part * size, (part + 1) * size)),
  );
  return countsOf(planeOf(red!, green!, blue!, colour));
}

function growsBrighter(luminance: Frame["pixels"]): boolean {
  const inner = luminance.subarray(1, -1);
  return inner.every((value, i) => i === 0 || value >= inner[i - 1]!);
}

/** Whether its brightness turns around at more of the entries than that of any scale does, rainbows and steps among them. */
function isOfAnyOrder(luminance: Frame["pixels"]): boolean {
  let [turns, steps, before] = [0, 0, 0];
  for (let i = 1; i < luminance.length; i++) {
    const step = Math.sign(luminance[i]! - luminance[i - 1]!);
    if (step === 0) continue;
    steps++;
    if (step === -before) turns++;
    before = step;
  }
  return turns > MOST_TURNS * steps;
}
