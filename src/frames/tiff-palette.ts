import { type Colour, countsOf, planeOf } from "./counts.js";
import type { Frame } from "./frame.js";
import { type TiffDirectory, TiffTag } from "./tiff-directory.js";
import { isImageJ } from "./tiff-metadata.js";

const PALETTE = 3;

/**
 * What is judged of a page with a palette: its colours as those of any other image, or its counts where the palette is only how a
 * screen shows them. That is so for ImageJ, and where the colours grow brighter throughout; the first and the last may mark what is
 * too dark or too bright.
 */
export function withoutPalette(
  counts: Frame["pixels"],
  directory: TiffDirectory,
  colour: Colour,
): Frame["pixels"] {
  if (directory.number(TiffTag.photometric) !== PALETTE || isImageJ(directory)) return counts;
  const map = directory.numbers(TiffTag.colourMap) ?? [];
  if (growsBrighter(coloursIn(map, "luminance"))) return counts;
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
