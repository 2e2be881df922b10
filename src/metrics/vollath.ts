import type { Frame } from "../frames/frame.js";
import { highestCount, meanIntensity } from "./intensity.js";

/**
 * Vollath's F4 (Vollath 1987, 1988): mean of x(i) x(i + 1) minus mean of x(i) x(i + 2) along rows, each over its pairs, x from 0 to 1.
 * Noise, which neighbours do not share, cancels.
 */
export function vollathF4(frame: Frame): number {
  return meanProduct(frame, 1) - meanProduct(frame, 2);
}

/** Vollath's F5 (Vollath 1987, 1988): mean of x(i) x(i + 1) along rows minus the square of the mean of x. */
export function vollathF5(frame: Frame): number {
  return meanProduct(frame, 1) - meanIntensity(frame) ** 2;
}

/** Mean product of pixels so far apart in a row; 0 where no two are. */
function meanProduct(frame: Frame, distancePx: number): number {
  const { pixels, width, height } = frame;
  if (width <= distancePx) return 0;
  let sum = 0;
  for (let y = 0; y < height; y++) {
    const end = (y + 1) * width - distancePx;
    for (let i = y * width; i < end; i++) sum += pixels[i]! * pixels[i + distancePx]!;
  }
  return sum / ((width - distancePx) * height) / highestCount(frame) ** 2;
}
