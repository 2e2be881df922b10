import { closeSync, fstatSync, readSync } from "node:fs";
import { join } from "node:path";
import type { FileBytes } from "./file-bytes.js";
import { type FrameMetadata, readMicroManagerMetadata } from "./micro-manager-metadata.js";
import { openForReading } from "./open-file.js";

/** Numbers behind the names of an entry: pixel offset, width, height, type, compression, and three of the metadata. */
const NUMBERS_BYTES = 8 * 4;
/** Longest text in an entry, bytes; anything above is damage. */
const LONGEST_TEXT = 64 * 1024;
/** Read at most at a time, bytes. */
const CHUNK_BYTES = 16 * 2 ** 20;

/** NDTiff, by the number at byte 8 of its files. */
const NDTIFF_MAGIC = 483_729;

/** Whether a TIFF is one of NDTiff's. */
export function isNdTiff(file: FileBytes): boolean {
  if (file.size < 12) return false;
  const view = Buffer.from(file.read(0, 12));
  return (view[0] === 0x49 ? view.readUInt32LE(8) : view.readUInt32BE(8)) === NDTIFF_MAGIC;
}

/** What the index of an NDTiff data set says, by file and by where the pixels begin. */
interface Index {
  readonly path: string;
  /** Bytes that have been read. */
  read: number;
  readonly axes: Map<string, Map<number, FrameMetadata>>;
}

/** The data set that was read last: while it is written, only what is new is read. */
let last: Index | undefined;

/**
 * The axes of an image of an NDTiff data set (versions 2 and 3), by the offset of its pixels, from the `NDTiff.index` beside it. While
 * the data set is written entries may not be there yet. Never throws.
 */
export function ndTiffAxes(folder: string, fileName: string): (pixelsAt: number) => FrameMetadata {
  const path = join(folder, "NDTiff.index");
  try {
    readOn(path);
  } catch {
    // An index that is missing or damaged costs its axes.
  }
  const axes = last?.path === path ? last.axes.get(fileName) : undefined;
  return (pixelsAt) => axes?.get(pixelsAt) ?? {};
}

function readOn(path: string): void {
  const descriptor = openForReading(path);
  try {
    const { size } = fstatSync(descriptor);
    if (last?.path !== path || size < last.read) last = { path, read: 0, axes: new Map() };
    while (last.read < size) {
      const bytes = Buffer.alloc(Math.min(size - last.read, CHUNK_BYTES));
      readSync(descriptor, bytes, 0, bytes.length, last.read);
      const used = addEntries(bytes, last.axes);
      if (used === 0) return;
      last.read += used;
    }
  } finally {
    closeSync(descriptor);
  }
}

/** @returns bytes of whole entries. */
function addEntries(bytes: Buffer, axes: Index["axes"]): number {
  let at = 0;
  for (;;) {
    const name = textAt(bytes, at);
    const file = name && textAt(bytes, name.end);
    // Reserved room is zeros.
    if (!name?.text || file === undefined || file.end + NUMBERS_BYTES > bytes.length) return at;
    const known = axes.get(file.text) ?? new Map<number, FrameMetadata>();
    axes.set(file.text, known.set(bytes.readUInt32LE(file.end), axesOf(name.text)));
    at = file.end + NUMBERS_BYTES;
  }
}

function textAt(bytes: Buffer, at: number): { text: string; end: number } | undefined {
  if (at + 4 > bytes.length) return undefined;
  const length = bytes.readUInt32LE(at);
  const end = at + 4 + length;
  return length > LONGEST_TEXT || end > bytes.length
    ? undefined
    : { text: bytes.toString("utf8", at + 4, end), end };
}

function axesOf(json: string): FrameMetadata {
  try {
    return readMicroManagerMetadata({ Axes: JSON.parse(json) as unknown });
  } catch {
    return {};
  }
}
