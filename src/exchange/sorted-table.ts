/**
 * The format of TensorFlow's `.index` files: LevelDB's sorted table (table_format.md of google/leveldb), without compression.
 * @module
 */
import { maskedCrc32c } from "../frames/crc32c.js";

const FOOTER_BYTES = 48;
const MAGIC = 0xdb4775248b80fb57n;
/** Behind each block: its compression, one byte, and the checksum of both. */
const TRAILER_BYTES = 5;
const UNCOMPRESSED = 0;

/**
 * All entries of a table, in the order of their keys (one character a byte).
 * @throws RangeError saying what is wrong with the bytes; every block that is looked at has the checksum that it states.
 */
export function readSortedTable(file: Uint8Array): Map<string, Uint8Array> {
  if (file.length < FOOTER_BYTES) throw new RangeError("it is shorter than the end of a table");
  const footer = file.subarray(file.length - FOOTER_BYTES);
  if (viewOf(footer).getBigUint64(FOOTER_BYTES - 8, true) !== MAGIC) {
    throw new RangeError("it does not end as a table does: it is cut short, or something else");
  }
  const handles = new Reader(footer.subarray(0, FOOTER_BYTES - 8));
  // The first handle is that of the filters, which TensorFlow does not use.
  readHandle(handles);
  const entries = new Map<string, Uint8Array>();
  for (const [, handle] of entriesOf(blockAt(file, readHandle(handles)))) {
    for (const [key, value] of entriesOf(blockAt(file, readHandle(new Reader(handle))))) {
      if (entries.has(key)) throw new RangeError(`it has "${key}" twice`);
      entries.set(key, value);
    }
  }
  return entries;
}

interface Handle {
  readonly offset: number;
  readonly size: number;
}

function readHandle(reader: Reader): Handle {
  return { offset: reader.varint(), size: reader.varint() };
}

function blockAt(file: Uint8Array, { offset, size }: Handle): Uint8Array {
  if (offset + size + TRAILER_BYTES > file.length) throw new RangeError("a block of it lies beyond its end");
  const checked = file.subarray(offset, offset + size + 1);
  const stated = viewOf(file).getUint32(offset + size + 1, true);
  if (maskedCrc32c(checked) !== stated)
    throw new RangeError("the checksum of a block is wrong: it is damaged");
  if (checked[size] !== UNCOMPRESSED)
    throw new RangeError("its blocks are compressed, which TensorFlow does not do");
  return checked.subarray(0, size);
}

/** Entries of a block: each key says how much of the one before it shares. */
function* entriesOf(block: Uint8Array): Generator<[string, Uint8Array]> {
  if (block.length < 4) throw new RangeError("a block has no end");
  const restarts = viewOf(block).getUint32(block.length - 4, true);
  const end = block.length - 4 - 4 * restarts;
  if (end < 0) throw new RangeError("a block has more restarts than room");
  const reader = new Reader(block.subarray(0, end));
  let key = "";
  while (!reader.isAtEnd) {
    const [shared, own, length] = [reader.varint(), reader.varint(), reader.varint()];
    if (shared > key.length) throw new RangeError("a key shares more than there is");
    key = key.slice(0, shared) + String.fromCharCode(...reader.bytes(own));
    yield [key, reader.bytes(length)];
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Reads bytes from the first to the last. */
class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  bytes(count: number): Uint8Array {
    if (this.#at + count > this.#bytes.length)
      throw new RangeError("an entry of a block lies beyond its end");
    this.#at += count;
    return this.#bytes.subarray(this.#at - count, this.#at);
  }

  /** Seven bits a byte, the lowest first. */
  varint(): number {
    let value = 0;
    for (let factor = 1; factor < Number.MAX_SAFE_INTEGER; factor *= 128) {
      const byte = this.bytes(1)[0]!;
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
    throw new RangeError("a number of a block has no end");
  }
}
