/**
 * Exact sums over rows of a frame, in WebAssembly: eight pixels at a time, where JavaScript takes one in as long.
 * @module
 */
import type { Frame } from "../frames/frame.js";
import { KERNEL } from "./kernel-bytes.js";

/** What `kernel/kernel.ts` exports. */
interface Kernel {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly lowest: (count: number) => number;
  readonly highest: (count: number) => number;
  readonly total: (count: number) => number;
  readonly occurrences: (count: number, value: number) => number;
  readonly squaredDifferences: (rows: number, width: number, lag: number) => number;
  readonly patchSums: (
    rows: number,
    width: number,
    left: number,
    side: number,
    step: number,
    from: number,
  ) => void;
  readonly sum: { readonly value: number };
  readonly squares: { readonly value: number };
  readonly differences: { readonly value: number };
}

const kernel = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(KERNEL, "base64")))
  .exports as Kernel;
const memory = new Uint16Array(kernel.memory.buffer);

/** Some rows of a frame, below one another. */
export class PixelRows {
  readonly count: number;
  readonly width: number;

  constructor(count: number, width: number) {
    this.count = count;
    this.width = width;
  }

  get pixels(): number {
    return this.count * this.width;
  }

  lowest(): number {
    return kernel.lowest(this.pixels);
  }

  highest(): number {
    return kernel.highest(this.pixels);
  }

  total(): number {
    return kernel.total(this.pixels);
  }

  /** How many pixels have this value. */
  occurrencesOf(value: number): number {
    return kernel.occurrences(this.pixels, value);
  }

  /** Sum of the squared differences of pixels `lag` apart in a row; `lag` is less than the width. */
  squaredDifferences(lag: number): number {
    return kernel.squaredDifferences(this.count, this.width, lag);
  }

  /**
   * Of the columns of a patch, every `step`th pixel but the last of a row: sum and sum of squares of the counts over `from`, and the sum
   * of the squared differences to the next pixel.
   */
  sumsOf(
    patch: { readonly left: number; readonly sidePx: number },
    step: number,
    from: number,
  ): { sum: number; squares: number; differences: number } {
    kernel.patchSums(this.count, this.width, patch.left, patch.sidePx, step, from);
    return {
      sum: kernel.sum.value,
      squares: kernel.squares.value,
      differences: kernel.differences.value,
    };
  }
}

/**
 * Visits every `step`th row of a frame from `first` on, before `end`, as many at a time as there is room for. What is visited is valid until
 * `visit` returns.
 */
export function visitRows(
  { pixels, width }: Pick<Frame, "pixels" | "width">,
  { first = 0, end, step }: { readonly first?: number; readonly end: number; readonly step: number },
  visit: (rows: PixelRows) => void,
): void {
  const room = Math.max(1, Math.floor(memory.length / width));
  for (let y = first; y < end; y += room * step) {
    const count = Math.min(room, Math.ceil((end - y) / step));
    for (let row = 0; row < count; row++) {
      const start = (y + row * step) * width;
      memory.set(pixels.subarray(start, start + width), row * width);
    }
    visit(new PixelRows(count, width));
  }
}
