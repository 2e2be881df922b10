/**
 * OME-XML that lies in another file: images of a data set of several files may only name the one that describes all of them,
 * a `.companion.ome` or the first TIFF.
 * @module
 */
import { closeSync, fstatSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { OpenFileBytes } from "./file-bytes.js";
import { openForReading } from "./open-file.js";
import { hasTiffSignature, readTiffHeader, TiffDirectory, TiffTag } from "./tiff-directory.js";

/** Bytes of a description at most. */
const MOST_BYTES = 64 * 2 ** 20;

/** The last one that was read: a plate has thousands of files beside it. */
let last: { readonly path: string; readonly stamp: string; readonly texts: readonly string[] } | undefined;

/**
 * The descriptions in a file beside an image; none where it is not there, is not written yet, or cannot be read. Never throws.
 * @param name as the image has it; folders in it are left out.
 */
export function descriptionsBeside(folder: string, name: string): readonly string[] {
  const path = join(folder, basename(name.replaceAll("\\", "/")));
  let descriptor: number | undefined;
  try {
    descriptor = openForReading(path);
    const stats = fstatSync(descriptor);
    const stamp = `${stats.size}-${stats.mtimeMs}`;
    if (last?.path !== path || last.stamp !== stamp) {
      last = { path, stamp, texts: readDescriptions(descriptor, stats.size) };
    }
    return last.texts;
  } catch {
    return [];
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** What lies in a folder, as it was listed last: all files of a data set ask for it. */
let listed:
  | { readonly folder: string; readonly mtimeMs: number; readonly names: ReadonlySet<string> }
  | undefined;

/** Of the files that a description names, those that are not in the folder. Never throws. */
export function missingBeside(folder: string, names: readonly string[]): readonly string[] {
  if (names.length === 0) return [];
  try {
    const { mtimeMs } = statSync(folder);
    if (listed?.folder !== folder || listed.mtimeMs !== mtimeMs) {
      listed = { folder, mtimeMs, names: new Set(readdirSync(folder).map((name) => name.normalize())) };
    }
    const { names: there } = listed;
    return names.filter((name) => !there.has(basename(name.replaceAll("\\", "/")).normalize()));
  } catch {
    return [];
  }
}

function readDescriptions(descriptor: number, size: number): readonly string[] {
  const bytes = new OpenFileBytes(descriptor, size);
  if (hasTiffSignature(bytes.read(0, Math.min(4, size)))) {
    const header = readTiffHeader(bytes);
    return TiffDirectory.read(bytes, header, header.firstDirectory).texts(TiffTag.imageDescription);
  }
  return size > MOST_BYTES ? [] : [readFileSync(descriptor, "utf8")];
}
