import { setImmediate } from "node:timers/promises";
import { type Frame, type PixelType, pixelTypeOf } from "./frames/frame.js";

/** A frame as it goes to another thread. */
export interface SentFrame {
  readonly width: number;
  readonly height: number;
  readonly dtype: PixelType;
  readonly bitDepth?: number;
  /** Begins with the pixels; may be longer. Used again once the call that it came with is answered. */
  readonly memory: SharedArrayBuffer;
}

/** Memory that is kept for later frames, bytes. */
const SPARE_BYTES = 64 * 2 ** 20;
/** So much is copied at once, which takes some milliseconds, bytes: 2048 x 2048 px of 16 bits. */
const COPIED_AT_ONCE = 8 * 2 ** 20;
/** A larger frame is copied in pieces, between which others get their turn, bytes. */
const PIECE = 2 * 2 ** 20;

/**
 * Memory through which pixels go to another thread. It is used again and again: V8 counts the memory of each new frame in each
 * thread that sees it, and would collect garbage after every few.
 */
export class FrameMemory {
  readonly #spare: SharedArrayBuffer[] = [];

  /** Hands a copy of a frame on, and takes the memory back when the answer is there. */
  async lend<T>(frame: Frame, use: (sent: SentFrame) => Promise<T>): Promise<T> {
    const { width, height, bitDepth, pixels } = frame;
    const memory = this.#take(pixels.byteLength);
    try {
      const bytes = new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength);
      const target = new Uint8Array(memory);
      // No later call comes before that of a small frame.
      const step = bytes.length <= COPIED_AT_ONCE ? COPIED_AT_ONCE : PIECE;
      for (let at = 0; at < bytes.length; at += step) {
        if (at > 0) await setImmediate();
        target.set(bytes.subarray(at, at + step), at);
      }
      const dtype = pixelTypeOf(frame);
      return await use({ width, height, dtype, memory, ...(bitDepth !== undefined && { bitDepth }) });
    } finally {
      this.#giveBack(memory);
    }
  }

  /** The smallest that is large enough. */
  #take(bytes: number): SharedArrayBuffer {
    const at = this.#spare.findIndex(({ byteLength }) => byteLength >= bytes);
    return at < 0 ? new SharedArrayBuffer(bytes) : this.#spare.splice(at, 1)[0]!;
  }

  #giveBack(memory: SharedArrayBuffer): void {
    this.#spare.push(memory);
    this.#spare.sort((a, b) => a.byteLength - b.byteLength);
    let total = this.#spare.reduce((sum, { byteLength }) => sum + byteLength, 0);
    // The large ones serve all frames.
    while (total > SPARE_BYTES) total -= this.#spare.shift()!.byteLength;
  }
}

/** In the other thread: the frame, valid until the call is answered. */
export function receivedFrame({ dtype, memory, ...frame }: SentFrame): Frame {
  const length = frame.width * frame.height;
  return {
    ...frame,
    pixels: dtype === "uint8" ? new Uint8Array(memory, 0, length) : new Uint16Array(memory, 0, length),
  };
}
