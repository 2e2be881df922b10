import { FrameShapeError } from "../errors.js";

/** Side of a patch in pixels (Yang et al. 2018; `PATCH_SIDE_LENGTH` of the original). */
export const PATCH_PX = 84;

/** Largest accepted side of a frame in pixels; anything above is a wrong header, not a camera. */
export const MAX_SIDE_PX = 32768;

/** One 2-D image from the camera. */
export interface Frame {
  /** Columns, px. */
  readonly width: number;
  /** Rows, px. */
  readonly height: number;
  /** Camera counts in row order, `height * width` of them. */
  readonly pixels: Uint8Array | Uint16Array;
  /**
   * Significant bits of a pixel, 8 to 16, where known (a 12-bit camera stores into uint16).
   * If missing, assume all bits of the pixel type.
   */
  readonly bitDepth?: number;
}

/** "uint8" or "uint16". */
export type PixelType = "uint8" | "uint16";

export function pixelTypeOf(frame: Frame): PixelType {
  return frame.pixels instanceof Uint8Array ? "uint8" : "uint16";
}

/** Whether a frame is large enough to be judged. */
export function holdsPatch({ width, height }: Pick<Frame, "width" | "height">): boolean {
  return Math.min(width, height) >= PATCH_PX;
}

/**
 * Checks that a frame can be cut into patches.
 * @throws FrameShapeError naming what is wrong.
 */
export function assertScorable(frame: Frame): void {
  const { width, height, pixels, bitDepth } = frame;
  if (!(pixels instanceof Uint8Array || pixels instanceof Uint16Array)) {
    throw new FrameShapeError("pixels are neither uint8 nor uint16");
  }
  if (!Number.isInteger(width) || !Number.isInteger(height) || width < 1 || height < 1) {
    throw new FrameShapeError(`shape ${height} x ${width} is not a frame`);
  }
  if (!holdsPatch(frame)) {
    throw new FrameShapeError(
      `frame is ${width} x ${height} px, smaller than one ${PATCH_PX} x ${PATCH_PX} px patch`,
    );
  }
  if (width > MAX_SIDE_PX || height > MAX_SIDE_PX) {
    throw new FrameShapeError(`frame is ${width} x ${height} px, over the limit of ${MAX_SIDE_PX} px a side`);
  }
  if (pixels.length !== width * height) {
    throw new FrameShapeError(
      `${pixels.length} pixels do not fill a frame of ${width} x ${height} px (${width * height} needed)`,
    );
  }
  if (bitDepth !== undefined && !(Number.isInteger(bitDepth) && bitDepth >= 8 && bitDepth <= 16)) {
    throw new FrameShapeError(`a bit depth of ${bitDepth} is none: 8 to 16; leave it out if it is not known`);
  }
}
