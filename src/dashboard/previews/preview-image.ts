import { displayRange } from "../../focus/display-range.js";
import type { Frame } from "../../frames/frame.js";

/** A frame made small for a page. */
export interface PreviewImage {
  readonly width: number;
  readonly height: number;
  /** 0 (black) to 255, row by row. */
  readonly grey: Uint8Array;
  /** Pixels of the picture for one of the frame: 1, 1/2, 1/3, ... */
  readonly scale: number;
  /** Counts shown as black and as white. */
  readonly displayRange: readonly [number, number];
}

/** Rows of a block that are looked at: the eye sees no more in a picture that is made small. */
const ROWS_OF_BLOCK = 2;

/** Averages blocks of pixels so that the longest side is at most `maxPx`, and stretches the contrast. */
export function previewOf(frame: Frame, maxPx: number): PreviewImage {
  const block = Math.ceil(Math.max(frame.width, frame.height) / maxPx);
  const [width, height] = [Math.ceil(frame.width / block), Math.ceil(frame.height / block)];
  const [low, high] = displayRange(frame);
  const perCount = 255 / Math.max(1, high - low);
  const grey = new Uint8Array(width * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = (meanOfBlock(frame, x * block, y * block, block) - low) * perCount;
      grey[y * width + x] = Math.round(Math.min(255, Math.max(0, value)));
    }
  }
  return { width, height, grey, scale: 1 / block, displayRange: [low, high] };
}

/** Mean of the block's pixels that lie within the frame. */
function meanOfBlock({ pixels, width, height }: Frame, left: number, top: number, block: number): number {
  const right = Math.min(left + block, width);
  const bottom = Math.min(top + block, height);
  const rowStep = Math.ceil(block / ROWS_OF_BLOCK);
  let sum = 0;
  let rows = 0;
  for (let y = top; y < bottom; y += rowStep, rows++) {
    const end = y * width + right;
    for (let i = y * width + left; i < end; i++) sum += pixels[i]!;
  }
  return sum / ((right - left) * rows);
}
