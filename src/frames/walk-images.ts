import { opendir } from "node:fs/promises";
import { join } from "node:path";
import { isNoImage } from "./file-names.js";

const IMAGE_NAME = /\.(tiff?|stk|png)$/i;
const NATURAL = new Intl.Collator("en", { numeric: true });
/** Names of one folder that are held at a time; a folder with more is listed again for those that follow. */
const NAMES_HELD = 100_000;

export interface WalkOptions {
  /** Told of a folder below the first one that cannot be listed; its images are left out. */
  readonly unreadable?: (folder: string, cause: unknown) => void;
  /** Told of each folder below the first one that is entered, by its path from there. */
  readonly entered?: (folder: string) => void;
  /** @default 100,000 */
  readonly namesHeld?: number;
}

interface Entry {
  readonly name: string;
  readonly isFolder: boolean;
}

/** Whether a file is read for its name: .tif, .tiff, .stk or .png. */
export function hasImageName(path: string): boolean {
  return IMAGE_NAME.test(path);
}

/**
 * Whether a search or a watched folder passes a file over: hidden ones, what lies in hidden folders, and thumbnails.
 * @param path from the folder that is searched, with forward slashes.
 */
export function isPassedOver(path: string): boolean {
  return /(?:^|\/)\.(?!\.?(?:\/|$))/.test(path) || isNoImage(path);
}

/** The order in which images are met: folder by folder, names in natural order (z2 before z10). Negative: `a` comes first. */
export function imageOrder(a: string, b: string): number {
  const [left, right] = [a.split(/[\\/]/), b.split(/[\\/]/)];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const order = nameOrder(left[i]!, right[i]!);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

/** Of names that differ, one is always first: to the collator z2 and z02 are the same. */
function nameOrder(a: string, b: string): number {
  return NATURAL.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);
}

/**
 * Searches a folder through for images, in `imageOrder`. Hidden files, thumbnails and what lies behind links to folders are left
 * out. The memory that it takes does not grow with the number of files.
 * @returns paths from the folder, with forward slashes.
 * @throws the error of the file system where the folder itself cannot be listed.
 */
export async function* walkImages(
  folder: string,
  options: WalkOptions = {},
): AsyncGenerator<string, void, undefined> {
  yield* walk(folder, "", options);
}

async function* walk(
  root: string,
  below: string,
  options: WalkOptions,
): AsyncGenerator<string, void, undefined> {
  for await (const { name, isFolder } of entriesInOrder(join(root, below), options.namesHeld ?? NAMES_HELD)) {
    const path = below === "" ? name : `${below}/${name}`;
    if (!isFolder) {
      yield path;
      continue;
    }
    options.entered?.(path);
    try {
      yield* walk(root, path, options);
    } catch (cause) {
      options.unreadable?.(join(root, path), cause);
    }
  }
}

/** Folders and images of a folder, in order, so many at a time. */
async function* entriesInOrder(folder: string, held: number): AsyncGenerator<Entry, void, undefined> {
  for (let last: string | undefined; ; ) {
    const next: Entry[] = [];
    let isMore = false;
    const keepFirst = () => {
      next.sort((a, b) => nameOrder(a.name, b.name));
      isMore ||= next.length > held;
      next.length = Math.min(next.length, held);
    };
    for await (const entry of await opendir(folder, { bufferSize: 1024 })) {
      const { name } = entry;
      const isFolder = entry.isDirectory();
      if (isPassedOver(name) || !(isFolder || hasImageName(name))) continue;
      if (last !== undefined && nameOrder(name, last) <= 0) continue;
      next.push({ name, isFolder });
      if (next.length >= 2 * held) keepFirst();
    }
    keepFirst();
    yield* next;
    if (!isMore) return;
    last = next.at(-1)!.name;
  }
}
