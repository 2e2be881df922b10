import { encode } from "fast-png";
import { FrameShapeError } from "../errors.js";
import type { Frame } from "./frame.js";
import { writeAtomically } from "./write-atomically.js";

/** An image for people to look at. */
export interface RgbImage {
  /** Columns, px. */
  readonly width: number;
  /** Rows, px. */
  readonly height: number;
  /** Red, green, blue from 0 to 255, pixel by pixel in row order. */
  readonly rgb: Uint8Array;
}

/**
 * Writes a frame as an 8- or 16-bit greyscale PNG, counts unchanged.
 * @throws OutputError naming path and reason; FrameShapeError when the pixels do not fill the frame.
 */
export async function writeGreyPng(path: string, frame: Frame): Promise<void> {
  const { width, height, pixels } = frame;
  assertFilled(pixels.length, width * height);
  const depth = pixels instanceof Uint8Array ? 8 : 16;
  await writeAtomically(path, encode({ width, height, data: pixels, depth, channels: 1 }));
}

/**
 * Writes a colour image as an 8-bit RGB PNG.
 * @throws OutputError naming path and reason; FrameShapeError when the values do not fill the image.
 */
export async function writeRgbPng(path: string, { width, height, rgb }: RgbImage): Promise<void> {
  assertFilled(rgb.length, width * height * 3);
  await writeAtomically(path, encode({ width, height, data: rgb, depth: 8, channels: 3 }));
}

function assertFilled(values: number, needed: number): void {
  if (values !== needed)
    throw new FrameShapeError(`${values} values do not fill an image that needs ${needed}`);
}
