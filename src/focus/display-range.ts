import type { Frame } from "../frames/frame.js";

/** Shares of the pixels shown as black and as white. */
const DARKEST = 0.001;
const BRIGHTEST = 0.999;

/** Counts to show as black and as white, from a sample of the pixels. */
export function displayRange({ pixels }: Frame): [number, number] {
  const step = Math.max(1, Math.floor(pixels.length / 65536));
  const sample = Uint16Array.from(
    { length: Math.ceil(pixels.length / step) },
    (_, i) => pixels[i * step]!,
  ).sort();
  return [
    sample[Math.floor(DARKEST * (sample.length - 1))]!,
    sample[Math.ceil(BRIGHTEST * (sample.length - 1))]!,
  ];
}

/** A frame in grey, 0 to 255 from its darkest to its brightest counts, but for a few. */
export function displayGrey(frame: Frame): Uint8Array {
  const [low, high] = displayRange(frame);
  return Uint8Array.from(frame.pixels, (count) =>
    Math.round(255 * Math.min(1, Math.max(0, (count - low) / Math.max(1, high - low)))),
  );
}
