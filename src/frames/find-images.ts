import { opendir, readdir, stat } from "node:fs/promises";
import { dirname, extname, join, normalize, relative, resolve, sep } from "node:path";
import { glob, isDynamicPattern } from "tinyglobby";
import { FrameReadError } from "../errors.js";
import { isNoImage } from "./file-names.js";
import { errorCode, fileReason } from "./file-reasons.js";
import { hasImageName } from "./image-names.js";
import { imageOrder } from "./image-order.js";
import { walkImages } from "./walk-images.js";
import { hasZarrName, isZarr } from "./zarr-groups.js";

const IMAGES = "TIFF or PNG file";
/** Endings of other files that a message names. */
const ENDINGS_NAMED = 4;

/** An image that was found. */
export interface FoundImage {
  readonly path: string;
  /**
   * What its names are read from, with forward slashes: from the folder that was searched, whose own name comes first;
   * of a file that was named itself, its folder and its name.
   */
  readonly namedPath: string;
}

/** A file or folder that a user names, or that a pattern matches. */
interface Root {
  readonly path: string;
  /** The absolute path. */
  readonly place: string;
  readonly isFolder: boolean;
}

/** What a search tells of paths that give no image, and of folders that cannot be listed. */
export type ProblemHandler = (problem: FrameReadError) => void;

/**
 * Finds the images that a user names: files (whatever they are called), folders (searched through for the endings of
 * images, and OME-Zarr) and globs. Hidden files, thumbnails and what lies behind links to folders are left out. Gives each file once, in
 * `imageOrder`.
 * @throws FrameReadError naming the first path that does not exist, cannot be read, or gives no image.
 */
export async function findImages(paths: readonly string[]): Promise<string[]> {
  const images: string[] = [];
  const problems: FrameReadError[] = [];
  for await (const { path } of searchImages(paths, (problem) => problems.push(problem))) images.push(path);
  if (problems.length > 0) throw problems[0];
  return images;
}

/**
 * The same one by one, for any number of files: the memory that it takes grows with the paths that are named and the files that
 * patterns match, not with what lies in folders.
 * @param passedBy told of the files in folders that are no images for their names.
 */
export async function* searchImages(
  paths: readonly string[],
  problem: ProblemHandler,
  passedBy: (path: string) => void = () => undefined,
): AsyncGenerator<FoundImage, void, undefined> {
  const roots = await rootsOf(paths, problem);
  // What is met in a folder is not given again under its own name.
  const left = new Map(roots.map((root) => [root.place, root]));
  for (const root of roots) {
    if (!left.has(root.place)) continue;
    left.delete(root.place);
    const { path, place } = root;
    if (root.isFolder) yield* imagesIn(root, left, problem, passedBy);
    else yield { path, namedPath: slashes(relative(dirname(dirname(place)), place)) };
  }
}

/** The folder that all images lie in that `searchImages` would give. */
export async function commonFolder(paths: readonly string[]): Promise<string> {
  const roots = await rootsOf(paths, () => undefined);
  const folders = roots.map(({ place, isFolder }) =>
    (isFolder && !isZarr(place) ? place : dirname(place)).split(sep),
  );
  const [first = []] = folders;
  const same = first.findIndex((part, i) => folders.some((parts) => parts[i] !== part));
  return first.slice(0, same < 0 ? first.length : same).join(sep) || sep;
}

async function* imagesIn(
  { path: folder, place }: Root,
  left: Map<string, Root>,
  problem: ProblemHandler,
  passedBy: (path: string) => void,
): AsyncGenerator<FoundImage, void, undefined> {
  let isEmpty = true;
  const walk = walkImages(folder, {
    entered: (path) => left.delete(join(place, path)),
    passedBy: (path) => passedBy(join(folder, path)),
    unreadable: (path, cause) => problem(new FrameReadError(path, fileReason(cause), { cause })),
  });
  try {
    for await (const name of walk) {
      isEmpty = false;
      left.delete(join(place, name));
      yield { path: join(folder, name), namedPath: slashes(relative(dirname(place), join(place, name))) };
    }
  } catch (cause) {
    isEmpty = false;
    problem(new FrameReadError(folder, fileReason(cause), { cause }));
  }
  if (isEmpty) {
    const reason = `the folder holds no ${IMAGES} and no OME-Zarr${await otherFilesIn(folder)}`;
    problem(new FrameReadError(folder, reason));
  }
}

/** What a folder without images may hold in their stead. */
async function otherFilesIn(folder: string): Promise<string> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const endings = entries.filter((entry) => entry.isFile()).map(({ name }) => extname(name).toLowerCase());
  const named = [...new Set(endings)].filter((ending) => ending !== "").slice(0, ENDINGS_NAMED);
  return named.length === 0 ? "" : `; its files end in ${named.join(", ")} (docs/files.md: what can be read)`;
}

/** The files and folders that are named or matched, each once, in order. */
async function rootsOf(paths: readonly string[], problem: ProblemHandler): Promise<Root[]> {
  const byPlace = new Map<string, Root>();
  for (const named of paths) {
    try {
      for (const root of await rootsAt(named)) {
        if (!byPlace.has(root.place)) byPlace.set(root.place, root);
      }
    } catch (error) {
      if (!(error instanceof FrameReadError)) throw error;
      problem(error);
    }
  }
  return [...byPlace.values()].sort((a, b) => imageOrder(a.place, b.place));
}

async function rootsAt(path: string): Promise<Root[]> {
  const kind = await kindOf(path);
  if (kind === "file" || kind === "folder") {
    return [{ path, place: resolve(path), isFolder: kind === "folder" }];
  }
  if (!isDynamicPattern(path)) throw new FrameReadError(path, fileReason(kind));
  const found = await glob([forwardSlashes(path)], {
    ...{ dot: false, expandDirectories: false, onlyFiles: false },
  });
  const matches = found.filter((match) => !match.endsWith("/") || hasZarrName(match));
  const images = matches
    .filter((match) => hasZarrName(match) || (hasImageName(match) && !isNoImage(forwardSlashes(match))))
    .map(normalize);
  if (images.length === 0) {
    const reason =
      matches.length === 0 ? "nothing matches this pattern" : `no ${IMAGES} matches, and no OME-Zarr`;
    throw new FrameReadError(path, reason);
  }
  return images.map((image) => ({ path: image, place: resolve(image), isFolder: hasZarrName(image) }));
}

/** What is at `path`; the error, where nothing is. */
async function kindOf(path: string): Promise<"file" | "folder" | Error> {
  try {
    if (!(await stat(path)).isDirectory()) return "file";
    await (await opendir(path)).close();
    return "folder";
  } catch (error) {
    // A glob is no path; on Windows even asking for one is an error.
    if (isDynamicPattern(path) || errorCode(error) === "ENOENT") return error as Error;
    throw new FrameReadError(path, fileReason(error), { cause: error });
  }
}

/** Backslashes separate folders on Windows only; elsewhere they escape. */
function forwardSlashes(pattern: string): string {
  return process.platform === "win32" ? pattern.replaceAll("\\", "/") : pattern;
}

function slashes(path: string): string {
  return path.split(sep).join("/");
}
