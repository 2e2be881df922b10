/**
 * The indexes that screening microscopes write beside their images: Yokogawa's `MeasurementData.mlf` (with `MeasurementDetail.mrf` and
 * the settings that this names) and Harmony's `Index.idx.xml` or `Index.xml` (Opera Phenix, Operetta).
 * @module
 */
import { closeSync, existsSync, fstatSync, readSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { StringDecoder } from "node:string_decoder";
import { HarmonyIndex } from "./harmony-index.js";
import type { IndexReader } from "./index-reader.js";
import type { FrameMetadata } from "./micro-manager-metadata.js";
import { openForReading, readText } from "./open-file.js";
import { YokogawaIndex } from "./yokogawa-index.js";

/** Read at most at a time, and of one index, bytes. */
const CHUNK_BYTES = 4 * 2 ** 20;
const MOST_BYTES = 4 * 2 ** 30;
/** Of files beside an index, bytes. */
const MOST_BESIDE_BYTES = 16 * 2 ** 20;
/** So many bytes before those that are new tell whether an index was only written on. */
const OVERLAP_BYTES = 64;
/** An index that is written anew is read anew after this multiple of the time that it took the last time. */
const PAUSES = 10;

const INDEXES: Readonly<Record<string, (folder: string) => IndexReader>> = {
  "MeasurementData.mlf": (folder) => new YokogawaIndex((name) => textBeside(folder, name)),
  "Index.idx.xml": () => new HarmonyIndex(),
  "Index.xml": () => new HarmonyIndex(),
  "index.idx.xml": () => new HarmonyIndex(),
  "index.xml": () => new HarmonyIndex(),
};

/** An index and how far it has been read. */
interface Followed {
  readonly path: string;
  readonly reader: IndexReader;
  readonly decoder: StringDecoder;
  /** What has no end yet. */
  rest: string;
  bytes: number;
  /** The last bytes that were read. */
  end: Buffer;
  stamp: string;
}

let followed: Followed | undefined;
/** When `followed` may be read anew from its beginning. */
let nextMs = 0;

/**
 * What an index beside an image, or in the folder above, says about it; empty where there is none, or where it does not know the image
 * yet. An index that grows is read on from where it ended. Never throws.
 */
export function indexedMetadata(image: string): FrameMetadata {
  const folder = dirname(image);
  for (const place of [folder, dirname(folder)]) {
    for (const [name, begin] of Object.entries(INDEXES)) {
      const path = join(place, name);
      if (!existsSync(path)) continue;
      try {
        follow(path, () => begin(place));
      } catch {
        // An index that cannot be read costs what it says.
      }
      const known = followed?.path === path ? followed.reader.metadataOf(basename(image)) : undefined;
      if (known !== undefined) return known;
    }
  }
  return {};
}

function follow(path: string, begin: () => IndexReader): void {
  const descriptor = openForReading(path);
  try {
    const { size, mtimeMs } = fstatSync(descriptor);
    const stamp = `${size}-${mtimeMs}`;
    if (followed?.path === path && followed.stamp === stamp) return;
    if (size > MOST_BYTES) return;
    if (followed?.path !== path || !isWrittenOn(descriptor, followed, size)) {
      if (followed?.path === path && performance.now() < nextMs) return;
      const decoder = new StringDecoder("utf8");
      followed = { path, reader: begin(), decoder, rest: "", bytes: 0, end: Buffer.alloc(0), stamp: "" };
    }
    followed.stamp = stamp;
    const startedMs = performance.now();
    readOn(descriptor, followed, size);
    nextMs = performance.now() + PAUSES * (performance.now() - startedMs);
  } finally {
    closeSync(descriptor);
  }
}

/** Whether an index has only become longer. */
function isWrittenOn(descriptor: number, { bytes, end }: Followed, size: number): boolean {
  if (size < bytes) return false;
  const now = Buffer.alloc(end.length);
  readSync(descriptor, now, 0, end.length, bytes - end.length);
  return now.equals(end);
}

function readOn(descriptor: number, index: Followed, size: number): void {
  while (index.bytes < size) {
    const bytes = Buffer.alloc(Math.min(size - index.bytes, CHUNK_BYTES));
    const length = readSync(descriptor, bytes, 0, bytes.length, index.bytes);
    if (length === 0) return;
    index.bytes += length;
    index.end = Buffer.concat([index.end, bytes.subarray(0, length)]).subarray(-OVERLAP_BYTES);
    const text = index.rest + index.decoder.write(bytes.subarray(0, length));
    const cut = Math.max(text.lastIndexOf("<"), 0);
    index.reader.read(text.slice(0, cut));
    // What has no tag for so long is no index.
    index.rest = text.length - cut > CHUNK_BYTES ? "" : text.slice(cut);
  }
}

/** The text of a file in a folder; undefined where it cannot be read. Names of folders are left out. */
function textBeside(folder: string, name: string): string | undefined {
  const path = join(folder, basename(name.replaceAll("\\", "/")));
  try {
    return readText(path, MOST_BESIDE_BYTES);
  } catch {
    return undefined;
  }
}
