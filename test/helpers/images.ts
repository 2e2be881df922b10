import { join } from "node:path";
import type { Frame } from "../../src/frames/frame.js";
import { readFrames } from "../../src/frames/read-frames.js";
import { Random } from "../../src/optics/random.js";
import type { SharedImage } from "../../src/training/region.js";

export const DATA = join(import.meta.dirname, "../../data");

/** The first page of an image under data/. */
export async function dataFrame(name: string): Promise<Frame> {
  for await (const { frame } of readFrames(join(DATA, name))) return frame;
  throw new Error(`${name} holds no frame`);
}

/** The upper left corner of a frame, in memory of its own. */
export function cornerOf({ width, pixels }: Frame, side: number): Frame {
  const corner = pixels.slice(0, side * side);
  for (let y = 0; y < side; y++) corner.set(pixels.subarray(y * width, y * width + side), y * side);
  return { width: side, height: side, pixels: corner };
}

/** A dark frame with bright discs of all sizes and camera noise: something to judge in every patch. */
export function spots(width: number, height: number, seed: number): Frame & { pixels: Uint16Array } {
  const random = new Random(seed);
  const pixels = Uint16Array.from({ length: width * height }, () => 200 + random.below(20));
  for (let spot = 0; spot < (width * height) / 400; spot++) {
    const [x0, y0] = [random.below(width), random.below(height)];
    const [radius, light] = [random.between(1, 8), random.between(300, 3000)];
    for (let y = Math.max(0, y0 - 8); y < Math.min(height, y0 + 9); y++) {
      for (let x = Math.max(0, x0 - 8); x < Math.min(width, x0 + 9); x++) {
        if (Math.hypot(x - x0, y - y0) < radius) pixels[y * width + x]! += light;
      }
    }
  }
  return { width, height, pixels };
}

/** `spots` in memory that threads share. */
export function sharedSpots(width: number, height: number, seed: number): SharedImage {
  const { pixels } = spots(width, height, seed);
  const memory = new Uint16Array(new SharedArrayBuffer(pixels.byteLength));
  memory.set(pixels);
  return { width, height, pixels: memory, weight: 1 };
}

/** Sums of `binning` x `binning` pixels, as a camera bins, as long as they fit 16 bits; a remainder at the right and the lower border is left out. */
export function binned({ width, height, pixels }: Frame, binning: number): Frame {
  const size = { width: Math.floor(width / binning), height: Math.floor(height / binning) };
  const sums = new Uint16Array(size.width * size.height);
  for (let y = 0; y < size.height * binning; y++) {
    for (let x = 0; x < size.width * binning; x++) {
      sums[Math.floor(y / binning) * size.width + Math.floor(x / binning)]! += pixels[y * width + x]!;
    }
  }
  return { ...size, pixels: sums };
}
