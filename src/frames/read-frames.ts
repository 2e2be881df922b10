import { closeSync, fstatSync } from "node:fs";
import { basename, dirname } from "node:path";
import { FrameReadError } from "../errors.js";
import { type FileBytes, MemoryBytes, OpenFileBytes } from "./file-bytes.js";
import { fileReason } from "./file-reasons.js";
import { affordableBytes } from "./image-limit.js";
import { isNdTiff, ndTiffAxes } from "./ndtiff-index.js";
import { descriptionsBeside, missingBeside } from "./ome-beside.js";
import { openForReading } from "./open-file.js";
import { indexedMetadata } from "./plate-index.js";
import { decodePng, hasPngSignature } from "./png.js";
import { decodeTiff, type FailedPage, type FramePage, hasTiffSignature, type PageOptions } from "./tiff.js";
import { isZarr } from "./zarr-groups.js";
import { isZeros, type StoredZeros } from "./zeros.js";

export type { FailedPage, FramePage, PageOptions, PagePlace } from "./tiff.js";

/** Bytes by which the format is told. */
const SIGNATURE_BYTES = 8;
const ONE_READ = "its first image alone is read; save a TIFF with pages, or a PNG each";
/** Bytes that may lie behind the last that matters. */
const PADDING_BYTES = 16;
const OR_PYTHON = ", or use parfocal send of the Python package";
/** What microscopists may have that is not read, by how it begins. */
const OTHERS = [
  { format: "an ND2 file of NIS-Elements", begins: Buffer.from([0xda, 0xce, 0xbe, 0x0a]), or: OR_PYTHON },
  { format: "a CZI file of ZEN", begins: Buffer.from("ZISRAWF"), or: OR_PYTHON },
  { format: "a LIF file of LAS X", begins: Buffer.from([0x70, 0, 0, 0]) },
  { format: "an OIB or ZVI file", begins: Buffer.from([0xd0, 0xcf, 0x11, 0xe0]) },
  { format: "a GIF", begins: Buffer.from("GIF8") },
  { format: "a BMP", begins: Buffer.from("BM") },
  { format: "a WebP", begins: Buffer.from("RIFF") },
  { format: "a JPEG", begins: Buffer.from([0xff, 0xd8, 0xff]) },
  { format: "an HDF5 file", begins: Buffer.from([0x89, 0x48, 0x44, 0x46]) },
  { format: "a zip file", begins: Buffer.from("PK\x03\x04") },
] as const;
/** So many zeros behind it are room that is reserved. */
const ROOM_BYTES = 4096;

interface ReadOptions extends PageOptions {
  readonly signal?: AbortSignal;
}

/** A file, or an image of an OME-Zarr, that is open for reading, as it was when it was opened. */
export interface OpenImage {
  /** Bytes of a file. */
  readonly size: number;
  readonly mtimeMs: number;
  /** Whether all that was asked for is there, and nothing behind it but room that is reserved. */
  isReadToItsEnd(): boolean;
  /** Whether something that was asked for is not there yet: beyond the end of the file, or not written. */
  isLacking(): boolean;
  /** Whether the description of all pages is only written when the file is closed, and is not there yet. */
  isUndescribed(): boolean;
  /** Whether room is reserved behind that. */
  hasRoom(): boolean;
  /** What zeros the page that was given last has in the file, where that can be told. */
  pixelZeros?(): StoredZeros | undefined;
  /** Its pages, those that cannot be read among them. @throws FrameReadError where no further page can be found. */
  pages(options: ReadOptions): AsyncGenerator<FramePage | FailedPage, void, undefined>;
  close(): void;
}

/**
 * Opens one TIFF or PNG file, or an image of an OME-Zarr, and gives its frames in page order. Pages are read one by one; the format is told by
 * the file's first bytes, never by its name (real TIFFs are published under names that end in .png). An image may take what `affordableBytes` says
 * if `maxBytes` is missing.
 * @throws FrameReadError naming the file and the reason; of a damaged page, after the pages before it.
 */
export async function* readFrames(
  path: string,
  options: ReadOptions = {},
): AsyncGenerator<FramePage, void, undefined> {
  const image = openImage(path);
  try {
    for await (const read of image.pages({ maxBytes: affordableBytes(), ...options })) {
      if ("error" in read) throw read.error;
      yield read;
    }
  } finally {
    image.close();
  }
}

/**
 * Opens a file that begins like a TIFF or PNG, or the folder of an image of an OME-Zarr.
 * @throws FrameReadError naming the file and the reason.
 */
export function openImage(path: string): OpenImage {
  let descriptor: number | undefined;
  try {
    descriptor = openForReading(path);
    const stats = fstatSync(descriptor);
    if (stats.isDirectory()) {
      if (!isZarr(path)) throw new FrameReadError(path, "this is a folder, not a file");
      closeSync(descriptor);
      return zarrImage(path, stats.mtimeMs);
    }
    const bytes = new OpenFileBytes(descriptor, stats.size);
    assertSignature(bytes.read(0, Math.min(SIGNATURE_BYTES, stats.size)), path);
    const opened = descriptor;
    const folder = dirname(path);
    const index = {
      ...(isNdTiff(bytes) && { axesAt: ndTiffAxes(folder, basename(path)) }),
      beside: (name: string) => descriptionsBeside(folder, name),
      missing: (names: readonly string[]) => missingBeside(folder, names),
    };
    return {
      ...{ size: stats.size, mtimeMs: stats.mtimeMs, close: () => closeSync(opened) },
      isReadToItsEnd: () => hasNothingBehind(bytes),
      isLacking: () => bytes.isLacking,
      isUndescribed: () => bytes.isUndescribed,
      pixelZeros: () => bytes.pixelZeros.found,
      hasRoom: () => (bytes.behind(ROOM_BYTES)?.length ?? 0) > PADDING_BYTES && hasNothingBehind(bytes),
      pages: (options) => pagesAsIndexed(bytes, path, { ...options, ...index }),
    };
  } catch (cause) {
    if (descriptor !== undefined) closeSync(descriptor);
    throw cause instanceof FrameReadError ? cause : new FrameReadError(path, fileReason(cause), { cause });
  }
}

/** Some writers end on an even address, others reserve gigabytes, which are zeros until they are used. */
function hasNothingBehind(bytes: FileBytes): boolean {
  const behind = bytes.behind(ROOM_BYTES);
  return behind !== undefined && (behind.length <= PADDING_BYTES || isZeros(behind));
}

/** Pages with what the index of a microscope beside the file says about it. */
async function* pagesAsIndexed(
  bytes: FileBytes,
  path: string,
  options: ReadOptions,
): AsyncGenerator<FramePage | FailedPage, void, undefined> {
  const indexed = indexedMetadata(path);
  for await (const read of decodePages(bytes, path, options)) {
    yield "error" in read ? read : { ...read, metadata: { ...read.metadata, ...indexed } };
  }
}

/** What reads it is only loaded where there is one. */
function zarrImage(path: string, mtimeMs: number): OpenImage {
  return {
    ...{ size: 0, mtimeMs, isReadToItsEnd: () => true, isLacking: () => false },
    ...{ isUndescribed: () => false, hasRoom: () => false, close: () => undefined },
    pages: async function* (options) {
      const { zarrFrames } = await import("./zarr-image.js");
      yield* zarrFrames(path, options);
    },
  };
}

function assertSignature(bytes: Uint8Array, path: string): void {
  if (bytes.length === 0) throw new FrameReadError(path, "the file is empty, or not written yet");
  if (hasTiffSignature(bytes) || hasPngSignature(bytes)) return;
  const other = OTHERS.find(({ begins }) => Buffer.from(bytes).subarray(0, begins.length).equals(begins));
  if (other !== undefined) {
    throw new FrameReadError(
      path,
      `this is ${other.format}, which is not read: convert it to OME-Zarr or TIFF${"or" in other ? other.or : ""}`,
    );
  }
  const start = [...bytes.subarray(0, SIGNATURE_BYTES)]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join(" ");
  throw new FrameReadError(path, `this is neither a TIFF nor a PNG (it begins with the bytes ${start})`);
}

/**
 * Decodes the frames of a TIFF or PNG that is in memory already. Each frame has memory of its own, which may be transferred.
 *
 * @param bytes the whole file.
 * @param path names the file in errors; nothing is opened.
 * @throws FrameReadError as `readFrames` does.
 */
export async function* decodeFrames(
  bytes: Uint8Array,
  path: string,
  options: ReadOptions = {},
): AsyncGenerator<FramePage, void, undefined> {
  for await (const read of decodePages(new MemoryBytes(bytes), path, options)) {
    if ("error" in read) throw read.error;
    yield read;
  }
}

/**
 * Decodes the pages of a TIFF or PNG. A page that cannot be read does not keep those after it from being read.
 * @param path names the file in errors; nothing is opened.
 * @throws FrameReadError where no further page can be found.
 */
export async function* decodePages(
  file: FileBytes,
  path: string,
  options: ReadOptions = {},
): AsyncGenerator<FramePage | FailedPage, void, undefined> {
  options.signal?.throwIfAborted();
  const start = file.read(0, Math.min(SIGNATURE_BYTES, file.size));
  assertSignature(start, path);
  if (hasTiffSignature(start)) yield* decodeTiff(file, path, options);
  else {
    const { frame, images } = decodePng(file, path, options.colour, options.maxBytes);
    yield { page: 0, frame, metadata: {} };
    if (images > 1) yield { page: 1, error: new FrameReadError(path, `the PNG is animated: ${ONE_READ}`) };
  }
}
