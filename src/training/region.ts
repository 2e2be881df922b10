import type { Frame } from "../frames/frame.js";
import { mirrored } from "../optics/convolution.js";
import { KERNEL_PX } from "../optics/defocus-kernel.js";
import type { Random } from "../optics/random.js";

/** An in-focus image in memory that threads can share. */
export interface SharedImage {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint16Array<SharedArrayBuffer>;
  /** How often it is drawn, relative to the others. */
  readonly weight: number;
}

/** Side of the region that is blurred at once, px: with the kernel's margin it fills one 256 x 256 transform. */
export const REGION_PX = 256 - KERNEL_PX + 1;

/** A random part of an image, REGION_PX a side; what lies beyond a small image is mirrored. */
export function regionOf(image: SharedImage, random: Random): Float32Array {
  const left = random.below(Math.max(1, image.width - REGION_PX + 1));
  const top = random.below(Math.max(1, image.height - REGION_PX + 1));
  const region = new Float32Array(REGION_PX * REGION_PX);
  for (let y = 0; y < REGION_PX; y++) {
    const row = mirrored(top + y, image.height) * image.width;
    for (let x = 0; x < REGION_PX; x++) {
      region[y * REGION_PX + x] = image.pixels[row + mirrored(left + x, image.width)]!;
    }
  }
  return region;
}

/** A random part of an image shown `factor` times as large, REGION_PX a side. */
export function enlargedRegion(image: SharedImage, factor: number, random: Random): Float32Array {
  const span = REGION_PX / factor;
  const left = random.between(0, Math.max(0, image.width - span));
  const top = random.between(0, Math.max(0, image.height - span));
  return enlargedPart(image, factor, { left, top }, REGION_PX);
}

/**
 * A part of an image shown `factor` times as large: cubic interpolation (Catmull-Rom) along rows, then columns.
 * @param corner its upper left, px of the image @param sidePx of the enlarged part; what lies beyond the image is mirrored.
 */
export function enlargedPart(
  image: Pick<Frame, "width" | "height" | "pixels">,
  factor: number,
  corner: { readonly left: number; readonly top: number },
  sidePx: number,
): Float32Array {
  const [columns, rows] = [corner.left, corner.top].map((start) => cubicTaps(start, factor, sidePx)) as [
    Tap[],
    Tap[],
  ];
  const sourceRows = rows[rows.length - 1]!.first + 4 - rows[0]!.first;
  const wide = new Float32Array(sidePx * sourceRows);
  for (let y = 0; y < sourceRows; y++) {
    const row = mirrored(rows[0]!.first + y, image.height) * image.width;
    for (let x = 0; x < sidePx; x++) {
      const { first, weights } = columns[x]!;
      let sum = 0;
      for (let k = 0; k < 4; k++) sum += weights[k]! * image.pixels[row + mirrored(first + k, image.width)]!;
      wide[y * sidePx + x] = sum;
    }
  }
  const part = new Float32Array(sidePx * sidePx);
  for (let y = 0; y < sidePx; y++) {
    const { first, weights } = rows[y]!;
    const source = (first - rows[0]!.first) * sidePx;
    for (let x = 0; x < sidePx; x++) {
      let sum = 0;
      for (let k = 0; k < 4; k++) sum += weights[k]! * wide[source + k * sidePx + x]!;
      part[y * sidePx + x] = Math.max(0, sum);
    }
  }
  return part;
}

/** The first of the four source pixels that a pixel is made of, and their weights. */
interface Tap {
  readonly first: number;
  readonly weights: readonly number[];
}

/** For each pixel along a side. */
function cubicTaps(start: number, factor: number, sidePx: number): Tap[] {
  return Array.from({ length: sidePx }, (_, i) => {
    const at = start + (i + 0.5) / factor - 0.5;
    const first = Math.floor(at) - 1;
    const t = at - first - 1;
    return {
      first,
      weights: [
        0.5 * t * (-1 + t * (2 - t)),
        0.5 * (2 + t * t * (-5 + 3 * t)),
        0.5 * t * (1 + t * (4 - 3 * t)),
        0.5 * t * t * (t - 1),
      ],
    };
  });
}
