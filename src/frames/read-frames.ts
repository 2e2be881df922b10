import { readFile } from "node:fs/promises";
import { FrameReadError } from "../errors.js";
import { fileReason } from "./file-reasons.js";
import { decodePng, hasPngSignature } from "./png.js";
import { decodeTiff, type FramePage, hasTiffSignature } from "./tiff.js";

export type { FramePage };

interface ReadOptions {
  readonly signal?: AbortSignal;
}

/**
 * Opens one TIFF or PNG file and gives its frames in page order. The file is read once; the format is told by
 * its first bytes, never by its name (real TIFFs are published under names that end in .png).
 * @throws FrameReadError naming the file and the reason; of a damaged page, after the pages before it.
 */
export async function* readFrames(
  path: string,
  { signal }: ReadOptions = {},
): AsyncGenerator<FramePage, void, undefined> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path, signal === undefined ? {} : { signal });
  } catch (cause) {
    signal?.throwIfAborted();
    throw new FrameReadError(path, fileReason(cause), { cause });
  }
  yield* decodeFrames(bytes, path, signal === undefined ? {} : { signal });
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
  if (bytes.length === 0) throw new FrameReadError(path, "the file is empty, or not written yet");
  if (hasTiffSignature(bytes)) {
    yield* decodeTiff(bytes, path, signal === undefined ? {} : { signal });
  } else if (hasPngSignature(bytes)) {
    yield { page: 0, frame: decodePng(bytes, path), metadata: {} };
  } else {
    const start = [...bytes.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
    throw new FrameReadError(path, `this is neither a TIFF nor a PNG (it begins with the bytes ${start})`);
  }
}
