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
  const [right, bottom] = [Math.min(left + block, width), Math.min(top + block, height)];
  let sum = 0;
  for (let y = top; y < bottom; y++) {
    for (let i = y * width + left; i < y * width + right; i++) sum += pixels[i]!;
  }
  return sum / ((right - left) * (bottom - top));
}
