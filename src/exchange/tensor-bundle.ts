/**
 * Checkpoints and SavedModels of TensorFlow keep their variables in a bundle: a table of names, shapes and places
 * (`PREFIX.index`), and files of values (`PREFIX.data-00000-of-00001`). Source: tensor_bundle.proto of TensorFlow.
 * @module
 */
import { open, readFile, stat } from "node:fs/promises";
import protobuf from "protobufjs";
import { ModelError, reasonOf } from "../errors.js";
import { maskedCrc32c } from "../frames/crc32c.js";
import { fileReason } from "../frames/file-reasons.js";
import { readSortedTable } from "./sorted-table.js";

const { root } = protobuf.parse(
  `
  syntax = "proto3";
  message Dim { int64 size = 1; }
  message Shape { repeated Dim dim = 2; bool unknown_rank = 3; }
  message Header { int32 num_shards = 1; int32 endianness = 2; }
  message Slice { bytes extent = 1; }
  message Entry {
    int32 dtype = 1; Shape shape = 2; int32 shard_id = 3; int64 offset = 4; int64 size = 5; fixed32 crc32c = 6;
    repeated Slice slices = 7;
  }
`,
  { keepCase: true },
);

/** Sizes of the element types that are read: float32 and int64, by their numbers in types.proto. */
export const ELEMENTS = { float32: 1, int64: 9 } as const;
/** A table of a million variables is smaller. */
const LARGEST_INDEX_BYTES = 2 ** 26;

/** One variable of a bundle. */
export interface BundleEntry {
  /** Number of its element type in TensorFlow's types.proto. */
  readonly element: number;
  readonly shape: readonly number[];
  readonly offset: number;
  readonly byteLength: number;
  readonly shard: number;
  /** Masked CRC-32C of its bytes, as stored. */
  readonly checksum: number;
  /** True where it is kept in several slices. */
  readonly isSliced: boolean;
}

export interface TensorBundle {
  readonly entries: ReadonlyMap<string, BundleEntry>;
  /**
   * The bytes of a variable, as they are stored.
   * @throws ModelError when they are missing, cut short, or not those of the checksum.
   */
  read(name: string): Promise<Uint8Array>;
}

/**
 * Opens a bundle; values are read when they are asked for.
 * @param prefix path without `.index`.
 * @throws ModelError naming the file and the reason.
 */
export async function openTensorBundle(prefix: string): Promise<TensorBundle> {
  const index = `${prefix}.index`;
  const { entries, shards } = parseIndex(index, await readIndex(index));
  return {
    entries,
    read: async (name) => {
      const entry = entries.get(name);
      if (entry === undefined) throw new ModelError(index, `it has no variable ${name}`);
      return readEntry(shardPath(prefix, entry.shard, shards), name, entry);
    },
  };
}

async function readIndex(path: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(path);
    if (size > LARGEST_INDEX_BYTES) throw new Error(`${size} bytes are too many for a table of variables`);
    return await readFile(path);
  } catch (cause) {
    throw new ModelError(path, `cannot be read: ${fileReason(cause)}`, { cause });
  }
}

/** @throws ModelError saying what is wrong with the bytes. */
export function parseIndex(
  path: string,
  bytes: Uint8Array,
): { readonly entries: Map<string, BundleEntry>; readonly shards: number } {
  try {
    const table = readSortedTable(bytes);
    const header = table.get("");
    if (header === undefined) throw new RangeError("it is a table, but not one of a TensorFlow checkpoint");
    const { num_shards: shards, endianness } = decode<{ num_shards: number; endianness: number }>(
      "Header",
      header,
    );
    if (endianness !== 0)
      throw new RangeError("its values have the highest byte first; only the lowest first is read");
    if (shards < 1) throw new RangeError(`it states ${shards} files of values`);
    table.delete("");
    const entries = [...table].map(([name, entry]): [string, BundleEntry] => [name, entryOf(name, entry)]);
    return { entries: new Map(entries), shards };
  } catch (cause) {
    throw new ModelError(path, reasonOf(cause), { cause });
  }
}

function entryOf(name: string, bytes: Uint8Array): BundleEntry {
  const { dtype, shape, shard_id, offset, size, crc32c, slices } = decode<{
    dtype: number;
    shape: { dim: { size: number }[] } | null;
    shard_id: number;
    offset: number;
    size: number;
    crc32c: number;
    slices: unknown[];
  }>("Entry", bytes);
  const sides = (shape?.dim ?? []).map((dim) => dim.size);
  if (![offset, size, ...sides].every((number) => Number.isSafeInteger(number) && number >= 0)) {
    throw new RangeError(`the shape or the place of ${name} makes no sense`);
  }
  return {
    ...{ element: dtype, shape: sides, offset, byteLength: size, shard: shard_id, checksum: crc32c },
    isSliced: slices.length > 0,
  };
}

/** Fields that are missing have their defaults; 64-bit integers become numbers. */
function decode<T>(type: string, bytes: Uint8Array): T {
  const message = root.lookupType(type);
  return message.toObject(message.decode(bytes), { longs: Number, defaults: true }) as T;
}

function shardPath(prefix: string, shard: number, shards: number): string {
  const number = (value: number) => String(value).padStart(5, "0");
  return `${prefix}.data-${number(shard)}-of-${number(shards)}`;
}

async function readEntry(path: string, name: string, entry: BundleEntry): Promise<Uint8Array> {
  const { offset, byteLength, checksum } = entry;
  let bytes: Uint8Array;
  try {
    const file = await open(path);
    try {
      const { size } = await file.stat();
      // Before so much memory is taken.
      if (offset + byteLength > size) {
        throw new Error(
          `it ends at byte ${size}, before ${name} (to byte ${offset + byteLength}) does: it is cut short`,
        );
      }
      bytes = new Uint8Array(byteLength);
      for (let at = 0; at < byteLength; ) {
        const { bytesRead } = await file.read(bytes, at, byteLength - at, offset + at);
        if (bytesRead === 0) throw new Error("it was cut while it was read");
        at += bytesRead;
      }
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw new ModelError(path, `cannot be read: ${fileReason(cause)}`, { cause });
  }
  if (maskedCrc32c(bytes) !== checksum) {
    throw new ModelError(
      path,
      `the checksum of ${name} is wrong: the file is damaged, or not the one of its index`,
    );
  }
  return bytes;
}
