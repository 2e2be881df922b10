/**
 * Memory through which pixels go from thread to thread. It begins with the number of those who hold it, whichever thread they are
 * in, and is used again once nobody does: V8 counts the memory of each new frame, and would collect garbage after every few.
 * @module
 */
import { setImmediate } from "node:timers/promises";
import { type Frame, type PixelType, pixelTypeOf } from "./frames/frame.js";

/** A frame as it goes to another thread. */
export interface SentFrame {
  readonly width: number;
  readonly height: number;
  readonly dtype: PixelType;
  readonly bitDepth?: number;
  /** Holds the pixels; may be longer. */
  readonly memory: SharedArrayBuffer;
}

/** Where the pixels begin, behind the number of holders, bytes. */
const PIXELS_AT = 64;
/** A frame gets memory of at most so many times its size: the large ones are kept for large frames. */
const MOST_TOO_LARGE = 4;
/** Of free memory so many bytes are kept, of what is over that only what one of the last so many frames needed. */
const KEPT_BYTES = 64 * 2 ** 20;
const NEEDED_WITHIN = 100;
/** So much is copied at once, bytes, which takes a millisecond or less: 1024 x 1024 px of 16 bits. Between pieces others get their turn. */
const PIECE = 2 * 2 ** 20;

/** Memory for the frames that a thread hands to others. */
export class FrameMemory {
  /** The number of the frame that each was last taken for. */
  readonly #taken = new Map<SharedArrayBuffer, number>();
  #frames = 0;

  /** A copy of pixels, held for whoever gets it. `rest`: until the whole of a large frame is copied; a small one is at once. */
  copyOf({ buffer, byteOffset, byteLength }: Uint8Array | Uint16Array): {
    memory: SharedArrayBuffer;
    rest?: Promise<void>;
  } {
    const memory = this.#take(PIXELS_AT + byteLength);
    const [from, to] = [new Uint8Array(buffer, byteOffset, byteLength), new Uint8Array(memory, PIXELS_AT)];
    if (byteLength > PIECE) return { memory, rest: copyInPieces(from, to) };
    to.set(from);
    return { memory };
  }

  /**
   * Hands a frame on until the answer is there: a copy, unless it lies in such memory. A small one is handed on at once, so that no
   * later call comes before it.
   */
  async lend<T>(frame: Frame, use: (sent: SentFrame) => Promise<T>): Promise<T> {
    const { buffer } = frame.pixels;
    const isShared = buffer instanceof SharedArrayBuffer;
    const { memory, rest } = isShared ? { memory: buffer } : this.copyOf(frame.pixels);
    const letGo = isShared ? holdFrame(frame) : releaser(memory);
    try {
      if (rest !== undefined) await rest;
      return await use(sentFrame(frame, memory));
    } finally {
      letGo();
    }
  }

  /** The smallest that is free and large enough. */
  #take(bytes: number): SharedArrayBuffer {
    this.#frames++;
    const free = [...this.#taken.keys()].filter((memory) => Atomics.load(holders(memory), 0) === 0);
    const fitting = free.filter(
      ({ byteLength }) => byteLength >= bytes && byteLength <= MOST_TOO_LARGE * bytes,
    );
    const memory = fitting.sort((a, b) => a.byteLength - b.byteLength)[0] ?? new SharedArrayBuffer(bytes);
    Atomics.store(holders(memory), 0, 1);
    this.#taken.set(memory, this.#frames);
    this.#letGo(free.filter((other) => other !== memory));
    return memory;
  }

  /** Large frames may be rare: V8 would collect the memory of one long after that of the next was made. */
  #letGo(free: readonly SharedArrayBuffer[]): void {
    let bytes = 0;
    for (const memory of free.toSorted((a, b) => a.byteLength - b.byteLength)) {
      bytes += memory.byteLength;
      const isOld = this.#frames - this.#taken.get(memory)! > NEEDED_WITHIN;
      if (bytes > KEPT_BYTES && isOld) this.#taken.delete(memory);
    }
  }
}

/** In the other thread: the frame, valid until it is let go of. */
export function receivedFrame({ dtype, memory, ...frame }: SentFrame): Frame {
  const length = frame.width * frame.height;
  const pixels =
    dtype === "uint8"
      ? new Uint8Array(memory, PIXELS_AT, length)
      : new Uint16Array(memory, PIXELS_AT, length);
  return { ...frame, pixels };
}

/** In the other thread: the bytes that were copied. */
export function bytesIn(memory: SharedArrayBuffer, length: number): Uint8Array {
  return new Uint8Array(memory, PIXELS_AT, length);
}

/** Keeps the pixels of a frame as they are, if it lies in shared memory, until the function that it gives is called. */
export function holdFrame({ pixels: { buffer } }: Frame): () => void {
  if (!(buffer instanceof SharedArrayBuffer)) return () => undefined;
  Atomics.add(holders(buffer), 0, 1);
  return releaser(buffer);
}

/** Lets go of memory that was held for the caller; more than one call changes nothing. */
export function releaser(memory: SharedArrayBuffer): () => void {
  let isHeld = true;
  return () => {
    if (isHeld) Atomics.sub(holders(memory), 0, 1);
    isHeld = false;
  };
}

function holders(memory: SharedArrayBuffer): Int32Array {
  return new Int32Array(memory, 0, 1);
}

function sentFrame(frame: Frame, memory: SharedArrayBuffer): SentFrame {
  const { width, height, bitDepth } = frame;
  return { width, height, dtype: pixelTypeOf(frame), memory, ...(bitDepth !== undefined && { bitDepth }) };
}

async function copyInPieces(from: Uint8Array, to: Uint8Array): Promise<void> {
  for (let at = 0; at < from.length; at += PIECE) {
    if (at > 0) await setImmediate();
    to.set(from.subarray(at, at + PIECE), at);
  }
}
