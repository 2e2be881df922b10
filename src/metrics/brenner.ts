import type { Frame } from "../frames/frame.js";
import { highestCount } from "./intensity.js";

/**
 * Brenner's gradient (Brenner et al. 1976) over the number of pairs: mean of (x(i + 2) - x(i))^2 along rows, x from 0 to 1; 0 where
 * a row holds no pair.
 */
export function brenner(frame: Frame): number {
  const { pixels, width, height } = frame;
  if (width < 3) return 0;
  let sum = 0;
  for (let y = 0; y < height; y++) {
    const end = (y + 1) * width - 2;
    for (let i = y * width; i < end; i++) sum += (pixels[i + 2]! - pixels[i]!) ** 2;
  }
  return sum / ((width - 2) * height) / highestCount(frame) ** 2;
}
