import { readSync } from "node:fs";

/** Bytes of a file, wherever they are. */
export interface FileBytes {
  readonly size: number;
  /**
   * `length` bytes from `offset` on; they may be shared with later calls and must not be changed.
   * @throws Error saying that the file ends before.
   */
  read(offset: number, length: number): Uint8Array;
}

/** A file in memory. */
export class MemoryBytes implements FileBytes {
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get size(): number {
    return this.#bytes.length;
  }

  read(offset: number, length: number): Uint8Array {
    assertInside(offset, length, this.size);
    return this.#bytes.subarray(offset, offset + length);
  }
}

/** Directories and their values lie together: so much is read at once for them. */
const WINDOW_BYTES = 4096;

/** A file on the disk, read where it is asked for: it may be larger than the memory. */
export class OpenFileBytes implements FileBytes {
  readonly size: number;
  readonly #descriptor: number;
  #window: Uint8Array = new Uint8Array();
  #windowAt = 0;

  constructor(descriptor: number, size: number) {
    this.#descriptor = descriptor;
    this.size = size;
  }

  read(offset: number, length: number): Uint8Array {
    assertInside(offset, length, this.size);
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
      const more = readSync(this.#descriptor, bytes, read, length - read, offset + read);
      if (more === 0) throw new Error(`the file ends at byte ${offset + read}: it was cut while it was read`);
      read += more;
    }
    return bytes;
  }
}

function assertInside(offset: number, length: number, size: number): void {
  if (offset + length > size) {
    throw new Error(`bytes ${offset} to ${offset + length} lie beyond the end of the file (${size} bytes)`);
  }
}
