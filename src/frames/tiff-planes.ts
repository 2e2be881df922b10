/**
 * Stacks whose first page alone has a directory: how many planes follow it, by ImageJ, MetaMorph and tifffile.
 * @module
 */
import type { FileBytes } from "./file-bytes.js";
import { pageBytes, type TiffBlocks } from "./tiff-blocks.js";
import { NOT_COMPRESSED } from "./tiff-codecs.js";
import { type TiffDirectory, TiffTag } from "./tiff-directory.js";
import { tifffileShape } from "./tifffile-shape.js";

/** Planes that a directory stands for. */
export interface Planes {
  readonly count: number;
  /** Why there are not as many as the file says, if so. */
  readonly missing: string | undefined;
}

const ONE: Planes = { count: 1, missing: undefined };

/**
 * The planes of a directory.
 * @param isOnly whether it is the only one of its file: where others follow, they describe their planes themselves.
 */
export function planesOf(
  file: FileBytes,
  directory: TiffDirectory,
  layout: TiffBlocks,
  isOnly: boolean,
): Planes {
  const metamorph = directory.count(TiffTag.metamorphPlanes);
  const said = metamorph > 1 ? metamorph : isOnly ? Math.max(shapedCount(directory, layout), 1) : 1;
  const room = roomFor(file, layout);
  if (said > 1) {
    const count = Math.min(said, room);
    return {
      count,
      missing:
        count < said ? `the file says that it has ${said} planes, but holds ${count} of them` : undefined,
    };
  }
  // ImageJ's count may be left over from the stack that a page was taken out of: it holds where there is room for more.
  return isOnly && room > 1 ? { count: Math.min(imageJCount(directory), room), missing: undefined } : ONE;
}

/** The layout of a plane behind the first. */
export function planeLayout<Layout extends TiffBlocks>(layout: Layout, plane: number): Layout {
  if (plane === 0) return layout;
  const by = plane * pageBytes(layout);
  return { ...layout, offsets: layout.offsets.map((offset) => offset + by) };
}

/** Planes of this layout that the file has room for, one after the other; 1 unless they are one run of uncompressed bytes. */
function roomFor(file: FileBytes, layout: TiffBlocks): number {
  const { compression, tiled, offsets, byteCounts } = layout;
  const isRun = offsets.every((offset, i) => i === 0 || offset === offsets[i - 1]! + byteCounts[i - 1]!);
  if (compression !== NOT_COMPRESSED || tiled || !isRun) return 1;
  return Math.max(1, Math.floor((file.size - offsets[0]!) / pageBytes(layout)));
}

function imageJCount(directory: TiffDirectory): number {
  const text = descriptionOf(directory, (description) => description.startsWith("ImageJ="));
  return Number(/^images=([1-9]\d*)$/m.exec(text ?? "")?.[1] ?? 1);
}

function shapedCount(directory: TiffDirectory, { width, height }: TiffBlocks): number {
  const values = width * height * (directory.number(TiffTag.samplesPerPixel) ?? 1);
  const text = descriptionOf(directory, (description) => tifffileShape(description) !== undefined) ?? "";
  const all = (tifffileShape(text)?.shape ?? []).reduce((product, side) => product * side, 1);
  return all % values === 0 ? all / values : 1;
}

function descriptionOf(directory: TiffDirectory, is: (text: string) => boolean): string | undefined {
  try {
    return directory.texts(TiffTag.imageDescription).find(is);
  } catch {
    return undefined;
  }
}
