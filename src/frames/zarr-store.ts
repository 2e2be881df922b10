import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import type { AsyncReadable } from "zarrita";
import { z } from "zod";
import { crc32c } from "./crc32c.js";
import { assertPlausible } from "./expansion.js";
import { errorCode } from "./file-reasons.js";
import { openedForReading } from "./open-file.js";
import { asBits } from "./zarr-half.js";
import { parseZarrJson } from "./zarr-json.js";

/** Longest metadata of one array, bytes. */
const MOST_METADATA_BYTES = 2 ** 20;
/** Most places that the index of a shard lists, 16 bytes each. */
const MOST_INDEX_BYTES = 16 * 2 ** 20;
/** What a codec may add to what it cannot make smaller. */
const SLACK_BYTES = 64 * 1024;
const CHECKSUM_BYTES = 4;

const Metadata = z.object({
  codecs: z.array(
    z.object({
      name: z.string(),
      configuration: z
        .object({ index_location: z.unknown(), index_codecs: z.array(z.object({ name: z.string() })) })
        .partial()
        .optional()
        .catch(undefined),
    }),
  ),
});

/** A part of an array that has never been written. */
export class NotStored extends Error {}

/** A shard without its index: whoever writes it is not through, or never came to its end. */
export class Unfinished extends Error {}

/** Reads the files of one Zarr array, none of them larger than the array says it can be. */
export class ZarrStore implements AsyncReadable {
  readonly #folder: string;
  /** Bytes of one chunk once it is decoded; of a shard those of a chunk in it. */
  #chunkBytes: number | undefined;
  #storedBytes = 0;
  #halfFill: number | undefined;
  #isIndexFirst: boolean = false;
  /** Whether the last four bytes of an index are its checksum. */
  #isIndexChecked: boolean = false;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** From now on chunks are read: each decodes to so many bytes. */
  expectChunks(chunkBytes: number): void {
    this.#chunkBytes = chunkBytes;
  }

  /** Of an array of half-precision numbers, which is given as one of their bits: the value of what has never been written. */
  get halfFill(): number | undefined {
    return this.#halfFill;
  }

  /** Bytes of chunks that have been read so far. */
  get storedBytes(): number {
    return this.#storedBytes;
  }

  /** @throws NotStored where a chunk is not there. */
  async get(key: string): Promise<Uint8Array | undefined> {
    const chunkBytes = this.#chunkBytes;
    return this.#reading(key, async (file, size) => {
      const most = chunkBytes === undefined ? MOST_METADATA_BYTES : chunkBytes + chunkBytes / 8 + SLACK_BYTES;
      if (size > most) throw new Error(`${key.slice(1)} has ${size} bytes, more than it can mean`);
      // What holds nothing but the fill value is left out, never empty.
      if (chunkBytes !== undefined && size === 0) throw new Error(emptyChunk(key.slice(1)));
      const bytes = await this.#read(file, 0, size);
      if (chunkBytes === undefined) return this.#plainMetadata(bytes);
      this.#storedBytes += size;
      return bytes;
    });
  }

  /** A part of a shard: its index stands at its end, or at its beginning. */
  async getRange(
    key: string,
    range: { readonly offset: number; readonly length: number } | { readonly suffixLength: number },
  ): Promise<Uint8Array | undefined> {
    const chunkBytes = this.#chunkBytes ?? 0;
    return this.#reading(key, async (file, size) => {
      const isIndex = "suffixLength" in range;
      const length = isIndex ? range.suffixLength : range.length;
      const offset = isIndex ? (this.#isIndexFirst ? 0 : size - length) : range.offset;
      const most = isIndex ? MOST_INDEX_BYTES : chunkBytes + chunkBytes / 8 + SLACK_BYTES;
      if (!(offset >= 0 && offset + length <= size && length <= most)) {
        const reason = `a part of the shard ${key.slice(1)} lies beyond its end: it is cut short or damaged`;
        throw isIndex ? new Unfinished(reason) : new Error(reason);
      }
      if (!isIndex && length === 0) throw new Error(emptyChunk(`a chunk of the shard ${key.slice(1)}`));
      // A chunk that is not in it would be made of zeros.
      assertPlausible(chunkBytes, size);
      const bytes = await this.#read(file, offset, length);
      if (!isIndex) this.#storedBytes += length;
      else if (this.#isIndexChecked) assertChecksum(bytes, key.slice(1));
      return bytes;
    });
  }

  /** Metadata of the array as zarrita can read them. */
  #plainMetadata(bytes: Uint8Array): Uint8Array {
    const metadata = parsed(bytes);
    if (metadata === undefined) return bytes;
    this.#findIndex(metadata);
    const half = asBits(metadata);
    this.#halfFill = half?.fill;
    return new TextEncoder().encode(JSON.stringify(half?.metadata ?? metadata));
  }

  /** Looks where shards have their index: zarrita takes it to be at their end. */
  #findIndex(metadata: unknown): void {
    const { success, data } = Metadata.safeParse(metadata);
    const shards = success ? data.codecs.find(({ name }) => name === "sharding_indexed") : undefined;
    this.#isIndexFirst = shards?.configuration?.index_location === "start";
    this.#isIndexChecked = shards?.configuration?.index_codecs?.at(-1)?.name === "crc32c";
  }

  async #reading<T>(
    key: string,
    read: (file: FileHandle, size: number) => Promise<T>,
  ): Promise<T | undefined> {
    let file: FileHandle;
    try {
      file = await openedForReading(join(this.#folder, key));
    } catch (cause) {
      if (errorCode(cause) !== "ENOENT" && errorCode(cause) !== "ENOTDIR") throw cause;
      if (this.#chunkBytes !== undefined) throw new NotStored();
      return undefined;
    }
    try {
      const stats = await file.stat();
      if (!stats.isFile()) throw new Error(`${key.slice(1)} is no file`);
      return await read(file, stats.size);
    } finally {
      await file.close();
    }
  }

  async #read(file: FileHandle, offset: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    const { bytesRead } = await file.read(bytes, 0, length, offset);
    if (bytesRead < length) throw new Error("it was cut while it was read");
    return bytes;
  }
}

function emptyChunk(name: string): string {
  return `${name} is empty: it is not written yet, or damaged`;
}

/** @throws Unfinished where the bytes do not end in their checksum: pixels in the place of an index. */
function assertChecksum(bytes: Uint8Array, shard: string): void {
  const at = bytes.length - CHECKSUM_BYTES;
  if (Buffer.from(bytes.buffer, bytes.byteOffset).readUInt32LE(at) === crc32c(bytes.subarray(0, at))) return;
  throw new Unfinished(`the shard ${shard} has no index: it is not finished, cut short or damaged`);
}

/** Undefined where it is no JSON: zarrita says so. */
function parsed(bytes: Uint8Array): unknown {
  try {
    return parseZarrJson(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
