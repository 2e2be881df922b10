import { opendir } from "node:fs/promises";
import { join } from "node:path";
import { hasImageName, isPassedOver } from "./image-names.js";
import { nameOrder } from "./image-order.js";
import { isAgentsFolder } from "./own-folders.js";
import { hasZarrName, isZarr } from "./zarr-groups.js";
import { zarrImages } from "./zarr-images.js";

/** Names of one folder that are held at a time; a folder with more is listed again for those that follow. */
const NAMES_HELD = 100_000;

export interface WalkOptions {
  /** Told of a folder below the first one that cannot be listed; its images are left out. */
  readonly unreadable?: (folder: string, cause: unknown) => void;
  /** Told of each folder below the first one that is entered, by its path from there. */
  readonly entered?: (folder: string) => void;
  /** Told of each file that is no image for its name, by its path from the first folder; more than once in large folders. */
  readonly passedBy?: (path: string) => void;
  /** @default 100,000 */
  readonly namesHeld?: number;
}

interface Entry {
  readonly name: string;
  readonly isFolder: boolean;
}

/**
 * Searches a folder through for images, in `imageOrder`: files, and the images of OME-Zarrs, which are folders. Hidden files,
 * thumbnails, what an agent has drawn and what lies behind links to folders are left out. The memory that it takes does not grow with the number of files.
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
  const here = join(root, below);
  if (isZarr(here)) {
    const unreadable = (path: string, cause: unknown) => options.unreadable?.(path, cause);
    for await (const image of zarrImages(here, unreadable)) {
      yield [below, image].filter((part) => part !== "").join("/");
    }
    return;
  }
  let isEmpty = true;
  const pathOf = (name: string) => (below === "" ? name : `${below}/${name}`);
  const passedBy = (name: string) => options.passedBy?.(pathOf(name));
  const isLeftOut = (name: string) => isPassedOver(pathOf(name));
  const held = options.namesHeld ?? NAMES_HELD;
  for await (const { name, isFolder } of entriesInOrder(here, held, isLeftOut, passedBy)) {
    const path = pathOf(name);
    if (!isFolder) {
      isEmpty = false;
      yield path;
      continue;
    }
    if (isAgentsFolder(join(root, path))) continue;
    options.entered?.(path);
    try {
      for await (const image of walk(root, path, options)) {
        isEmpty = false;
        yield image;
      }
    } catch (cause) {
      options.unreadable?.(join(root, path), cause);
    }
  }
  if (isEmpty && hasZarrName(here)) {
    throw new Error("this is no Zarr: it has no zarr.json, .zgroup or .zattrs, or they are not written yet");
  }
}

/** Folders and images of a folder, in order, so many at a time. */
async function* entriesInOrder(
  folder: string,
  held: number,
  isLeftOut: (name: string) => boolean,
  passedBy: (name: string) => void,
): AsyncGenerator<Entry, void, undefined> {
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
      if (isLeftOut(name)) continue;
      if (!isFolder && !hasImageName(name)) {
        passedBy(name);
        continue;
      }
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
