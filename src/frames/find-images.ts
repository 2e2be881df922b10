import { opendir, stat } from "node:fs/promises";
import { join, normalize, resolve } from "node:path";
import { glob, isDynamicPattern } from "tinyglobby";
import { FrameReadError } from "../errors.js";
import { errorCode, fileReason } from "./file-reasons.js";

const IMAGE_NAME = /\.(tiff?|png)$/i;
const NATURAL = new Intl.Collator("en", { numeric: true });

/**
 * Finds the images that a user names: files (whatever they are called), folders (searched through for .tif,
 * .tiff and .png; hidden files are left out) and globs. Gives each file once, in natural order (z2 before z10).
 * @throws FrameReadError naming the first path that does not exist, cannot be read, or gives no image.
 */
export async function findImages(paths: readonly string[]): Promise<string[]> {
  const byPlace = new Map<string, string>();
  for (const path of paths) {
    for (const image of await imagesOf(path)) {
      const place = resolve(image);
      if (!byPlace.has(place)) byPlace.set(place, image);
    }
  }
  return [...byPlace.values()].sort(NATURAL.compare);
}

async function imagesOf(path: string): Promise<string[]> {
  const kind = await kindOf(path);
  if (kind === "file") return [path];
  if (kind === "folder") {
    const images = await imagesInFolder(path);
    if (images.length === 0) throw new FrameReadError(path, "the folder holds no .tif, .tiff or .png file");
    return images;
  }
  if (!isDynamicPattern(path)) throw new FrameReadError(path, fileReason(kind));
  const matches = await glob([forwardSlashes(path)], { dot: false, expandDirectories: false });
  const images = matches.filter((match) => IMAGE_NAME.test(match)).map(normalize);
  if (images.length === 0) {
    const reason =
      matches.length === 0 ? "nothing matches this pattern" : "no .tif, .tiff or .png file matches";
    throw new FrameReadError(path, reason);
  }
  return images;
}

/** What is at `path`; the error, where nothing is. */
async function kindOf(path: string): Promise<"file" | "folder" | Error> {
  try {
    return (await stat(path)).isDirectory() ? "folder" : "file";
  } catch (error) {
    // A glob is no path; on Windows even asking for one is an error.
    if (isDynamicPattern(path) || errorCode(error) === "ENOENT") return error as Error;
    throw new FrameReadError(path, fileReason(error), { cause: error });
  }
}

async function imagesInFolder(folder: string): Promise<string[]> {
  try {
    // The search itself passes over what it may not read.
    await (await opendir(folder)).close();
  } catch (cause) {
    throw new FrameReadError(folder, fileReason(cause), { cause });
  }
  const names = await glob(["**/*.{tif,tiff,png}"], { cwd: folder, dot: false, caseSensitiveMatch: false });
  return names.map((name) => join(folder, name));
}

/** Backslashes separate folders on Windows only; elsewhere they escape. */
function forwardSlashes(pattern: string): string {
  return process.platform === "win32" ? pattern.replaceAll("\\", "/") : pattern;
}
