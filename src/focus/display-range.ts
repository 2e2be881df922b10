import type { Frame } from "../frames/frame.js";

/** Shares of the pixels shown as black and as white. */
const DARKEST = 0.001;
const BRIGHTEST = 0.999;

/** Pixels that are looked at. */
const LOOKED_AT = 65_536;
const COUNTS = 65_536;

/** Counts to show as black and as white, from a sample of the pixels. */
export function displayRange({ pixels }: Frame): [number, number] {
  const step = Math.max(1, Math.floor(pixels.length / LOOKED_AT));
  const frequencies = new Uint32Array(COUNTS);
  let sampled = 0;
  for (let i = 0; i < pixels.length; i += step, sampled++) frequencies[pixels[i]!]!++;
  return [
    countAt(frequencies, Math.floor(DARKEST * (sampled - 1))),
    countAt(frequencies, Math.ceil(BRIGHTEST * (sampled - 1))),
  ];
}

/** A frame in grey, 0 to 255 from its darkest to its brightest counts, but for a few. */
export function displayGrey(frame: Frame): Uint8Array {
  const [low, high] = displayRange(frame);
  return Uint8Array.from(frame.pixels, (count) =>
    Math.round(255 * Math.min(1, Math.max(0, (count - low) / Math.max(1, high - low)))),
  );
}

/** The count of the pixel with so many below it in rising order. */
function countAt(frequencies: Uint32Array, rank: number): number {
  let below = 0;
  for (let count = 0; count < COUNTS; count++) {
    below += frequencies[count]!;
    if (below > rank) return count;
  }
  return COUNTS - 1;
}
