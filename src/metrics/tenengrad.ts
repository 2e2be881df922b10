import type { Frame } from "../frames/frame.js";
import { highestCount } from "./intensity.js";

/**
 * Tenengrad (Tenenbaum 1970; Krotkov 1987) without a threshold: mean of Gx^2 + Gy^2 over the pixels that have eight neighbours,
 * Gx and Gy by Sobel's kernels (-1 0 1, -2 0 2, -1 0 1), x from 0 to 1; 0 where no pixel has.
 */
export function tenengrad(frame: Frame): number {
  const { pixels, width, height } = frame;
  if (width < 3 || height < 3) return 0;
  let sum = 0;
  for (let y = 1; y < height - 1; y++) {
    for (let i = y * width + 1; i < (y + 1) * width - 1; i++) {
      const [above, below] = [i - width, i + width];
      const descending = pixels[below + 1]! - pixels[above - 1]!;
      const ascending = pixels[above + 1]! - pixels[below - 1]!;
      const horizontal = descending + ascending + 2 * (pixels[i + 1]! - pixels[i - 1]!);
      const vertical = descending - ascending + 2 * (pixels[below]! - pixels[above]!);
      sum += horizontal * horizontal + vertical * vertical;
    }
  }
  return sum / ((width - 2) * (height - 2)) / highestCount(frame) ** 2;
}
