import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { FrameReadError } from "../errors.js";
import { fileReason } from "./file-reasons.js";
import { decodePng, hasPngSignature } from "./png.js";
import { decodeTiff, type FramePage, hasTiffSignature } from "./tiff.js";

export type { FramePage };

/** Bytes by which the format is told. */
const SIGNATURE_BYTES = 8;

interface ReadOptions {
  readonly signal?: AbortSignal;
  /** A larger file is refused before it is read, bytes. */
  readonly maxBytes?: number;
}

/** A file in memory, as it was when it was opened. */
export interface FileInMemory {
  readonly bytes: Uint8Array;
  readonly mtimeMs: number;
}

/**
 * Opens one TIFF or PNG file and gives its frames in page order. The file is read once; the format is told by
 * its first bytes, never by its name (real TIFFs are published under names that end in .png).
 * @throws FrameReadError naming the file and the reason; of a damaged page, after the pages before it.
 */
export async function* readFrames(
  path: string,
  options: ReadOptions = {},
): AsyncGenerator<FramePage, void, undefined> {
  const { bytes } = await readImageFile(path, options);
  const { signal } = options;
  yield* decodeFrames(bytes, path, signal === undefined ? {} : { signal });
}

/**
 * Reads a whole file that begins like a TIFF or PNG.
 * @throws FrameReadError naming the file and the reason.
 */
export async function readImageFile(
  path: string,
  { signal, maxBytes = Number.POSITIVE_INFINITY }: ReadOptions = {},
): Promise<FileInMemory> {
  let file: FileHandle | undefined;
  try {
    // Opening a pipe would wait for whoever writes into it.
    file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    return await wholeOf(file, path, maxBytes, signal);
  } catch (cause) {
    signal?.throwIfAborted();
    throw cause instanceof FrameReadError ? cause : new FrameReadError(path, fileReason(cause), { cause });
  } finally {
    await file?.close();
  }
}

/** The whole file, if it is one and its first bytes are those of an image. */
async function wholeOf(
  file: FileHandle,
  path: string,
  maxBytes: number,
  signal: AbortSignal | undefined,
): Promise<FileInMemory> {
  const stats = await file.stat();
  if (stats.isDirectory()) throw new FrameReadError(path, "this is a folder, not a file");
  if (!stats.isFile()) throw new FrameReadError(path, "this is a pipe or a device, not a file");
  const start = new Uint8Array(SIGNATURE_BYTES);
  const { bytesRead } = await file.read(start, 0, SIGNATURE_BYTES, 0);
  assertSignature(start.subarray(0, bytesRead), path);
  if (stats.size > maxBytes) {
    const [size, most] = [stats.size, maxBytes].map((bytes) => Math.round(bytes / 2 ** 20));
    throw new FrameReadError(path, `the file has ${size} MiB, over the limit of ${most} MiB; split it`);
  }
  const bytes = await file.readFile(signal === undefined ? {} : { signal });
  return { bytes, mtimeMs: stats.mtimeMs };
}

function assertSignature(bytes: Uint8Array, path: string): void {
  if (bytes.length === 0) throw new FrameReadError(path, "the file is empty, or not written yet");
  if (hasTiffSignature(bytes) || hasPngSignature(bytes)) return;
  const start = [...bytes.subarray(0, SIGNATURE_BYTES)]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join(" ");
  throw new FrameReadError(path, `this is neither a TIFF nor a PNG (it begins with the bytes ${start})`);
}

/**
 * Decodes the frames of a TIFF or PNG that is in memory already; for workers. Each frame has memory of its
 * own, which may be transferred.
 *
 * @param bytes the whole file.
 * @param path names the file in errors; nothing is opened.
 * @throws FrameReadError as `readFrames` does.
 */
export function* decodeFrames(
  bytes: Uint8Array,
  path: string,
  { signal }: ReadOptions = {},
): Generator<FramePage, void, undefined> {
  signal?.throwIfAborted();
  assertSignature(bytes, path);
  if (hasTiffSignature(bytes)) yield* decodeTiff(bytes, path, signal === undefined ? {} : { signal });
  else yield { page: 0, frame: decodePng(bytes, path), metadata: {} };
}
