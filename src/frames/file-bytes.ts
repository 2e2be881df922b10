import { readSync } from "node:fs";
import { ZeroWatch } from "./zeros.js";

/** Bytes of a file, wherever they are. */
export abstract class FileBytes {
  readonly size: number;
  /** What zeros the pixels have that were read last. */
  readonly pixelZeros = new ZeroWatch();
  /** Where the furthest bytes end that were asked for so far: beyond `size` where some are missing. */
  #askedTo = 0;
  #isUnwritten = false;
  /** Whether what describes all pages has its place, and is written there when the file is closed. */
  isUndescribed = false;

  constructor(size: number) {
    this.size = size;
  }

  /** Whether something that was asked for is not there yet: beyond the end, or room that nothing has been written to. */
  get isLacking(): boolean {
    return this.#askedTo > this.size || this.#isUnwritten;
  }

  /** Bytes that were read can only be room. */
  noteUnwritten(): void {
    this.#isUnwritten = true;
  }

  /** Whether `length` bytes from `offset` on are there. */
  has(offset: number, length: number): boolean {
    this.#askedTo = Math.max(this.#askedTo, offset + length);
    return offset + length <= this.size;
  }

  /**
   * `length` bytes from `offset` on; they may be shared with later calls and must not be changed.
   * @throws Error saying that the file ends before.
   */
  read(offset: number, length: number): Uint8Array {
    if (this.has(offset, length)) return this.bytesAt(offset, length);
    throw new Error(
      `bytes ${offset} to ${offset + length} lie beyond the end of the file (${this.size} bytes)`,
    );
  }

  /** Bytes behind the furthest that were asked for, which does not count as asking; `undefined` where some of those are missing. */
  behind(most: number): Uint8Array | undefined {
    const left = this.size - this.#askedTo;
    return left < 0 ? undefined : this.bytesAt(this.#askedTo, Math.min(left, most));
  }

  /** Bytes that are known to be there. */
  protected abstract bytesAt(offset: number, length: number): Uint8Array;
}

/** A file in memory. */
export class MemoryBytes extends FileBytes {
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    super(bytes.length);
    this.#bytes = bytes;
  }

  protected bytesAt(offset: number, length: number): Uint8Array {
    return this.#bytes.subarray(offset, offset + length);
  }
}

/** Directories and their values lie together: so much is read at once for them. */
const WINDOW_BYTES = 4096;
/** The system reads less than 2 GiB at once. */
const MOST_AT_ONCE = 2 ** 30;

/** A file on the disk, read where it is asked for: it may be larger than the memory. */
export class OpenFileBytes extends FileBytes {
  readonly #descriptor: number;
  #window: Uint8Array = new Uint8Array();
  #windowAt = 0;

  constructor(descriptor: number, size: number) {
    super(size);
    this.#descriptor = descriptor;
  }

  protected bytesAt(offset: number, length: number): Uint8Array {
    if (length > WINDOW_BYTES) return this.#fromDisk(offset, length);
    if (offset < this.#windowAt || offset + length > this.#windowAt + this.#window.length) {
      this.#window = this.#fromDisk(offset, Math.min(WINDOW_BYTES, this.size - offset));
      this.#windowAt = offset;
    }
    return this.#window.subarray(offset - this.#windowAt, offset - this.#windowAt + length);
  }

  #fromDisk(offset: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let read = 0; read < length; ) {
      const most = Math.min(length - read, MOST_AT_ONCE);
      const more = readSync(this.#descriptor, bytes, read, most, offset + read);
      if (more === 0) throw new Error(`the file ends at byte ${offset + read}: it was cut while it was read`);
      read += more;
    }
    return bytes;
  }
}
