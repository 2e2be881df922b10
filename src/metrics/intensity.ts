import type { Frame } from "../frames/frame.js";

/**
 * The count that stands for 1: the highest of the declared bit depth, or of the pixel type where none is declared, as in
 * CellProfiler (which knows of a declared one from TIFF's MaxSampleValue only).
 */
export function highestCount({ pixels, bitDepth }: Frame): number {
  return 2 ** (bitDepth ?? pixels.BYTES_PER_ELEMENT * 8) - 1;
}

/** Mean of x, 0 to 1; x = count / `highestCount`. CellProfiler's ImageQuality_MeanIntensity. */
export function meanIntensity(frame: Frame): number {
  let sum = 0;
  for (const count of frame.pixels) sum += count;
  return sum / frame.pixels.length / highestCount(frame);
}

/** Standard deviation of x over all pixels, 0 to 0.5. CellProfiler's ImageQuality_StdIntensity. */
export function stdIntensity(frame: Frame): number {
  return Math.sqrt(varianceOf(frame));
}

/** Variance of x over all pixels: sum (x - mean)^2 / N. */
export function varianceOf(frame: Frame): number {
  const top = highestCount(frame);
  const mean = meanIntensity(frame) * top;
  let squares = 0;
  for (const count of frame.pixels) squares += (count - mean) ** 2;
  return squares / frame.pixels.length / top ** 2;
}
