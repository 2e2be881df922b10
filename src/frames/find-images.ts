import { opendir, stat } from "node:fs/promises";
import { dirname, join, normalize, relative, resolve, sep } from "node:path";
import { glob, isDynamicPattern } from "tinyglobby";
import { FrameReadError } from "../errors.js";
import { isNoImage } from "./file-names.js";
import { errorCode, fileReason } from "./file-reasons.js";

const IMAGE_NAME = /\.(tiff?|stk|png)$/i;
const ENDINGS = ".tif, .tiff, .stk or .png";
const NATURAL = new Intl.Collator("en", { numeric: true });

/** An image that was found. */
export interface FoundImage {
  readonly path: string;
  /**
   * What its names are read from, with forward slashes: from the folder that was searched, whose own name comes first;
   * of a file that was named itself, its folder and its name.
   */
  readonly namedPath: string;
}

/**
 * Whether a search or a watched folder passes a file over: hidden ones, what lies in hidden folders, and thumbnails.
 * @param path from the folder that is searched, with forward slashes.
 */
export function isPassedOver(path: string): boolean {
  return /(?:^|\/)\.(?!\.?(?:\/|$))/.test(path) || isNoImage(path);
}

/**
 * Finds the images that a user names: files (whatever they are called), folders (searched through for .tif, .tiff, .stk
 * and .png) and globs. Hidden files, thumbnails and what lies behind links to folders are left out. Gives each file once, in
 * natural order (z2 before z10).
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

/** The images of one path that a user names, as `findImages` finds them. */
export async function findNamedImages(path: string): Promise<FoundImage[]> {
  const images = await findImages([path]);
  const root = (await kindOf(path)) === "folder" ? dirname(resolve(path)) : undefined;
  return images.map((image) => {
    const place = resolve(image);
    const from = root ?? dirname(dirname(place));
    return { path: image, namedPath: relative(from, place).split(sep).join("/") };
  });
}

async function imagesOf(path: string): Promise<string[]> {
  const kind = await kindOf(path);
  if (kind === "file") return [path];
  if (kind === "folder") {
    const images = await imagesInFolder(path);
    if (images.length === 0) throw new FrameReadError(path, `the folder holds no ${ENDINGS} file`);
    return images;
  }
  if (!isDynamicPattern(path)) throw new FrameReadError(path, fileReason(kind));
  const matches = await glob([forwardSlashes(path)], { dot: false, expandDirectories: false });
  const images = matches
    .filter((match) => IMAGE_NAME.test(match) && !isNoImage(forwardSlashes(match)))
    .map(normalize);
  if (images.length === 0) {
    const reason = matches.length === 0 ? "nothing matches this pattern" : `no ${ENDINGS} file matches`;
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
  const names = await glob(["**/*.{tif,tiff,stk,png}"], {
    cwd: folder,
    dot: false,
    caseSensitiveMatch: false,
    // A link to a parent would give every image again and again.
    followSymbolicLinks: false,
  });
  return names.filter((name) => !isPassedOver(name)).map((name) => join(folder, name));
}

/** Backslashes separate folders on Windows only; elsewhere they escape. */
function forwardSlashes(pattern: string): string {
  return process.platform === "win32" ? pattern.replaceAll("\\", "/") : pattern;
}
