import { PATCH_PX } from "../frames/frame.js";
import type { Random } from "../optics/random.js";

/**
 * What programs do to a recording after the camera: a patch that went through them is to be judged as the same patch
 * that did not, and an empty one stays empty.
 * @module
 */

/** Median of each 3 x 3 neighbourhood; the border stays. */
export function median3(pixels: Float32Array): Float32Array<ArrayBuffer> {
  const out = pixels.slice();
  const nine = new Float32Array(9);
  for (let y = 1; y < PATCH_PX - 1; y++) {
    for (let x = 1; x < PATCH_PX - 1; x++) {
      for (let i = 0, dy = -1; dy <= 1; dy++) {
        for (let dx = -1; dx <= 1; dx++) nine[i++] = pixels[(y + dy) * PATCH_PX + x + dx]!;
      }
      out[y * PATCH_PX + x] = nine.sort()[4]!;
    }
  }
  return out;
}

/** Gaussian smoothing of standard deviation `sigmaPx`; the border is mirrored. */
export function smoothed(pixels: Float32Array<ArrayBuffer>, sigmaPx: number): Float32Array<ArrayBuffer> {
  const half = Math.max(1, Math.ceil(3 * sigmaPx));
  const kernel = Float64Array.from({ length: 2 * half + 1 }, (_, i) =>
    Math.exp(-((i - half) ** 2) / (2 * sigmaPx * sigmaPx)),
  );
  const total = kernel.reduce((sum, value) => sum + value, 0);
  const along = (source: Float32Array, step: number, across: number) => {
    const out = new Float32Array(source.length);
    for (let line = 0; line < PATCH_PX; line++) {
      for (let at = 0; at < PATCH_PX; at++) {
        let sum = 0;
        for (let k = -half; k <= half; k++) {
          let i = at + k;
          if (i < 0) i = Math.min(PATCH_PX - 1, -i - 1);
          if (i >= PATCH_PX) i = Math.max(0, 2 * PATCH_PX - 1 - i);
          sum += kernel[k + half]! * source[line * across + i * step]!;
        }
        out[line * across + at * step] = sum / total;
      }
    }
    return out;
  };
  return along(along(pixels, 1, PATCH_PX), PATCH_PX, 1);
}

const BLOCK_PX = 8;
/** cos((2 x + 1) u pi / 16), scaled to an orthonormal transform, [u, x]. */
const COSINES = Float64Array.from({ length: BLOCK_PX * BLOCK_PX }, (_, i) => {
  const [u, x] = [Math.floor(i / BLOCK_PX), i % BLOCK_PX];
  return (u === 0 ? Math.SQRT1_2 : 1) * 0.5 * Math.cos(((2 * x + 1) * u * Math.PI) / 16);
});

/**
 * The loss of JPEG on grey values: the cosine transform of each block of 8 x 8, rounded to multiples of a step that grows
 * with frequency (ITU-T T.81 leaves the steps to the writer).
 * @param step rounding step of the lowest frequency, counts; that of the highest is five times as large.
 */
export function jpegLoss(pixels: Float32Array, step: number): Float32Array<ArrayBuffer> {
  const out = pixels.slice();
  const block = new Float64Array(BLOCK_PX * BLOCK_PX);
  const other = new Float64Array(BLOCK_PX * BLOCK_PX);
  for (let top = 0; top + BLOCK_PX <= PATCH_PX; top += BLOCK_PX) {
    for (let left = 0; left + BLOCK_PX <= PATCH_PX; left += BLOCK_PX) {
      for (let i = 0; i < block.length; i++) {
        block[i] = pixels[(top + Math.floor(i / BLOCK_PX)) * PATCH_PX + left + (i % BLOCK_PX)]!;
      }
      rowsByCosines(block, other, false);
      rowsByCosines(other, block, false);
      for (let i = 0; i < block.length; i++) {
        const frequency = Math.floor(i / BLOCK_PX) + (i % BLOCK_PX);
        const quantum = step * (1 + (4 * frequency) / (2 * BLOCK_PX - 2));
        block[i] = quantum * Math.round(block[i]! / quantum);
      }
      rowsByCosines(block, other, true);
      rowsByCosines(other, block, true);
      for (let i = 0; i < block.length; i++) {
        out[(top + Math.floor(i / BLOCK_PX)) * PATCH_PX + left + (i % BLOCK_PX)] = block[i]!;
      }
    }
  }
  return out;
}

/** The transform of each row, written as a column: twice makes it two-dimensional. */
function rowsByCosines(source: Float64Array, target: Float64Array, inverse: boolean): void {
  for (let row = 0; row < BLOCK_PX; row++) {
    for (let u = 0; u < BLOCK_PX; u++) {
      let sum = 0;
      for (let x = 0; x < BLOCK_PX; x++) {
        sum += source[row * BLOCK_PX + x]! * COSINES[inverse ? x * BLOCK_PX + u : u * BLOCK_PX + x]!;
      }
      target[u * BLOCK_PX + row] = sum;
    }
  }
}

/** A patch after one program, chosen at random: median, smoothing by up to `mostSigmaPx`, or JPEG. */
export function processed(
  pixels: Float32Array<ArrayBuffer>,
  mostSigmaPx: number,
  random: Random,
): Float32Array<ArrayBuffer> {
  const choice = random.below(3);
  if (choice === 0) return median3(pixels);
  if (choice === 1) return smoothed(pixels, random.between(0.4, mostSigmaPx));
  return jpegLoss(pixels, deviationOf(pixels) * random.logBetween(0.1, 2));
}

/** Standard deviation of all values. */
export function deviationOf(pixels: Float32Array): number {
  let [sum, squares] = [0, 0];
  for (const value of pixels) {
    sum += value;
    squares += value * value;
  }
  const mean = sum / pixels.length;
  return Math.sqrt(Math.max(0, squares / pixels.length - mean * mean));
}
