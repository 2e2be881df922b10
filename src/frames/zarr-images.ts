import { opendir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { imageOrder } from "./image-order.js";
import { isZarr, type OmeAttributes, readOmeAttributes } from "./zarr-groups.js";

/** How deep groups that say nothing may hold others. */
const DEEPEST = 4;
/** Groups beside images that hold no frames. */
const NO_FRAMES = new Set(["labels", "tables", "OME"]);

/**
 * The images of an OME-Zarr: the fields of a plate or well, the series of one that bioformats2raw wrote, or the one image that it is.
 * @param unreadable told of a well that is listed and cannot be read; the others follow.
 * @returns paths from the folder with forward slashes, in `imageOrder`; "" where the folder itself is the image.
 * @throws Error where the folder's own metadata cannot be read, or it holds no image.
 */
export async function* zarrImages(
  folder: string,
  unreadable: (path: string, cause: unknown) => void,
): AsyncGenerator<string, void, undefined> {
  const attributes = await readOmeAttributes(folder);
  if (attributes === undefined) {
    throw new Error("this is a Zarr array without the metadata of OME-Zarr: name the folder above it");
  }
  let isEmpty = true;
  for await (const image of imagesIn(folder, attributes, unreadable, DEEPEST)) {
    isEmpty = false;
    yield image;
  }
  if (isEmpty) throw new Error("this Zarr holds no image of OME-Zarr");
}

async function* imagesIn(
  folder: string,
  { multiscales, plate, well }: OmeAttributes,
  unreadable: (path: string, cause: unknown) => void,
  depth: number,
): AsyncGenerator<string, void, undefined> {
  if (multiscales !== undefined) {
    yield "";
    return;
  }
  if (well !== undefined) {
    yield* inOrder(well.images.map(({ path }) => path));
    return;
  }
  if (depth === 0) return;
  for (const name of inOrder(plate?.wells.map(({ path }) => path) ?? (await groupsIn(folder)))) {
    const below = join(folder, name);
    try {
      const attributes = await readOmeAttributes(below);
      if (attributes === undefined && plate !== undefined) {
        throw new Error("the plate lists this well, but it is not there");
      }
      if (attributes === undefined) continue;
      for await (const image of imagesIn(below, attributes, unreadable, depth - 1)) {
        yield image === "" ? name : `${name}/${image}`;
      }
    } catch (cause) {
      unreadable(below, cause);
    }
  }
}

function inOrder(paths: readonly string[]): string[] {
  return [...new Set(paths)].sort(imageOrder);
}

async function groupsIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const entry of await opendir(folder)) {
    const isGroup = entry.isDirectory() && !NO_FRAMES.has(entry.name) && isZarr(join(folder, entry.name));
    if (isGroup) names.push(entry.name);
  }
  return names;
}

/** Where an image lies in its OME-Zarr, and what the groups above it say. */
export interface ZarrPlace {
  /** From the plate or, without one, the outermost group, with forward slashes: "B/3/0", "2"; "" where it is the whole. */
  readonly inStore: string;
  /** Its place in the list of its well, from 0. */
  readonly field?: number;
  /** The plate, and its folder. */
  readonly plate?: { readonly attributes: NonNullable<OmeAttributes["plate"]>; readonly folder: string };
}

/** Finds out where an image lies. What cannot be read above it says nothing. */
export async function placeOf(image: string): Promise<ZarrPlace> {
  let place: ZarrPlace = { inStore: "" };
  let way = "";
  let isGap = false;
  for (let folder = image, i = 0; i < DEEPEST; i++) {
    const above = dirname(folder);
    if (above === folder) break;
    way = way === "" ? basename(folder) : `${basename(folder)}/${way}`;
    folder = above;
    if (!isZarr(folder)) {
      // The folder of a row need not be a group: the plate above it lists the well all the same.
      if (isGap) break;
      isGap = true;
      continue;
    }
    const { plate, well } = (await readOmeAttributes(folder).catch(() => undefined)) ?? {};
    if (isGap && plate?.wells.some(({ path }) => way.startsWith(`${path}/`)) !== true) break;
    const number = well?.images.findIndex(({ path }) => path === way) ?? -1;
    place = { ...place, inStore: way, ...(number >= 0 && { field: number }) };
    if (plate !== undefined) return { ...place, plate: { attributes: plate, folder } };
  }
  return place;
}
