import type { Frame } from "../frames/frame.js";
import { highestCount } from "./intensity.js";

/**
 * Variance of the Laplacian (Pech-Pacheco et al. 2000): of x(left) + x(right) + x(above) + x(below) - 4 x over the pixels that have
 * all four, x from 0 to 1; 0 where no pixel has.
 */
export function laplacianVariance(frame: Frame): number {
  const { pixels, width, height } = frame;
  if (width < 3 || height < 3) return 0;
  let [sum, squares] = [0, 0];
  for (let y = 1; y < height - 1; y++) {
    for (let i = y * width + 1; i < (y + 1) * width - 1; i++) {
      const laplacian =
        pixels[i - 1]! + pixels[i + 1]! + pixels[i - width]! + pixels[i + width]! - 4 * pixels[i]!;
      sum += laplacian;
      squares += laplacian * laplacian;
    }
  }
  const count = (width - 2) * (height - 2);
  return (squares / count - (sum / count) ** 2) / highestCount(frame) ** 2;
}
