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
  // Rounds and clips.
  const clamped = new Uint8ClampedArray(grey.buffer);
  const sums = new Float64Array(width);
  const lastColumns = frame.width - (width - 1) * block;
  for (let y = 0; y < height; y++) {
    const rows = sumBlocks(frame, y * block, block, sums);
    sums[width - 1]! *= block / lastColumns;
    const perSum = perCount / (rows * block);
    for (let x = 0; x < width; x++) clamped[y * width + x] = sums[x]! * perSum - low * perCount;
  }
  return { width, height, grey, scale: 1 / block, displayRange: [low, high] };
}

/** Sums each block of a row of blocks, as far as it lies within the frame, over some of its rows. @returns how many. */
function sumBlocks({ pixels, width, height }: Frame, top: number, block: number, sums: Float64Array): number {
  sums.fill(0);
  const rowStep = Math.ceil(block / ROWS_OF_BLOCK);
  let rows = 0;
  for (let y = top; y < Math.min(top + block, height); y += rowStep, rows++) {
    const start = y * width;
    for (let x = 0, at = 0; at < width; x++) {
      let sum = 0;
      for (const end = Math.min(at + block, width); at < end; at++) sum += pixels[start + at]!;
      sums[x]! += sum;
    }
  }
  return rows;
}
