import { highNaPointSpread } from "./high-na-point-spread.js";
import { type Optics, type PointSpread, REFERENCE_OPTICS } from "./point-spread-function.js";

/** Side of the kernel, px; at level 10 it holds 99.2 % of what three times the side holds. */
export const KERNEL_PX = 51;

/**
 * The kernel of a defocus of `zUm`: `sidePx` x `sidePx` samples at pixel centres, row order, sum 1.
 * @param sidePx odd.
 * @param spread how a point is blurred; the paper has `pointSpread`. @default that of the whole pupil
 */
export function defocusKernel(
  zUm: number,
  optics: Optics = REFERENCE_OPTICS,
  sidePx = KERNEL_PX,
  spread: PointSpread = highNaPointSpread,
): Float64Array {
  const kernel = sampledPointSpread(zUm, optics, sidePx, spread);
  const total = kernel.reduce((sum, value) => sum + value, 0);
  return kernel.map((value) => value / total);
}

/** The point spread function at the pixel centres of a square of `sidePx` (odd), row order, not normalised. */
export function sampledPointSpread(
  zUm: number,
  optics: Optics,
  sidePx: number,
  spread: PointSpread = highNaPointSpread,
): Float64Array {
  if (!Number.isInteger(sidePx) || sidePx < 1 || sidePx % 2 === 0) {
    throw new RangeError(`a kernel side must be odd, got ${sidePx}`);
  }
  const half = (sidePx - 1) / 2;
  const bySquaredRadius = new Map<number, number>();
  const kernel = new Float64Array(sidePx * sidePx);
  for (let y = -half; y <= half; y++) {
    for (let x = -half; x <= half; x++) {
      const squared = x * x + y * y;
      let value = bySquaredRadius.get(squared);
      if (value === undefined) {
        value = spread(Math.sqrt(squared) * optics.pixelUm, zUm, optics);
        bySquaredRadius.set(squared, value);
      }
      kernel[(y + half) * sidePx + x + half] = value;
    }
  }
  return kernel;
}
