/**
 * One page of a TIFF with all that it holds: planes one after the other, channels, by whichever reader knows its pixels.
 * @module
 */
import type { Colour } from "./counts.js";
import type { FileBytes } from "./file-bytes.js";
import type { Frame } from "./frame.js";
import type { TiffBlocks } from "./tiff-blocks.js";
import { type TiffDirectory, TiffTag } from "./tiff-directory.js";
import { isImageJ } from "./tiff-metadata.js";
import { withoutPalette } from "./tiff-palette.js";
import { OtherPixels, readPageLayout, readPagePixels } from "./tiff-pixels.js";
import { planeLayout, planesOf } from "./tiff-planes.js";

/** A plane that can be read, or why it cannot. */
export type ReadPlane = { readonly isFollowed: boolean } & (
  | {
      readonly width: number;
      readonly height: number;
      readonly pixels: Frame["pixels"];
      readonly pixelsAt: number;
      /** How many channels the plane has, and which of several this is. */
      readonly channels: number;
      readonly channel?: number;
    }
  | { readonly failure: unknown }
);

/**
 * The planes of a page, each of its channels by itself. One that cannot be read does not keep those after it from being read.
 * @param isOnly whether its directory is the only one of its file.
 * @param tellsSamples whether the file names the axis of several planes: they are no colours.
 */
export async function* planesIn({
  file,
  directory,
  isOnly,
  maxBytes = Number.POSITIVE_INFINITY,
  colour = "luminance",
  tellsSamples = false,
}: {
  file: FileBytes;
  directory: TiffDirectory;
  isOnly: boolean;
  maxBytes?: number | undefined;
  colour?: Colour | undefined;
  tellsSamples?: boolean | undefined;
}): AsyncGenerator<ReadPlane, void, undefined> {
  let page: Page;
  try {
    page = await openPage(file, directory, maxBytes, colour, tellsSamples);
  } catch (failure) {
    yield { failure, isFollowed: false };
    return;
  }
  const { width, height } = page.blocks;
  const { count, missing } = planesOf(file, directory, page.blocks, isOnly);
  const whiteIsZero = directory.number(TiffTag.photometric) === 0 && !isImageJ(directory);
  for (let plane = 0; plane < count; plane++) {
    const isFollowed = plane < count - 1 || missing !== undefined;
    try {
      const { pixelsAt, planes } = await page.read(plane);
      const channels = planes.length;
      for (const [channel, counts] of planes.entries()) {
        const pixels = withoutPalette(counts, directory, colour);
        if (whiteIsZero) invert(pixels);
        yield {
          ...{ width, height, pixels, pixelsAt, channels, ...(channels > 1 && { channel }) },
          isFollowed: isFollowed || channel < channels - 1,
        };
      }
    } catch (failure) {
      yield { failure, isFollowed };
    }
  }
  if (missing !== undefined) yield { failure: new Error(missing), isFollowed: false };
}

/** A page whose planes can be read, each with all of its channels. */
interface Page {
  readonly blocks: TiffBlocks;
  read(plane: number): Promise<{ readonly pixelsAt: number; readonly planes: readonly Frame["pixels"][] }>;
}

/** @throws Error when nothing can read the page. */
async function openPage(
  file: FileBytes,
  directory: TiffDirectory,
  maxBytes: number,
  colour: Colour,
  tellsSamples: boolean,
): Promise<Page> {
  try {
    const { littleEndian } = directory.header;
    return pageOf(file, readPageLayout(directory, file, maxBytes), (layout) => [
      readPagePixels(file, layout, littleEndian),
    ]);
  } catch (cause) {
    if (!(cause instanceof OtherPixels)) throw cause;
    // What knows other pixels is only loaded for them.
    const { readOtherLayout, readOtherPlanes } = await import("./other-pixels.js");
    const layout = readOtherLayout(directory, file, maxBytes, tellsSamples);
    return pageOf(file, layout, (layout) => readOtherPlanes(file, layout, colour));
  }
}

function pageOf<Layout extends TiffBlocks>(
  file: FileBytes,
  layout: Layout,
  read: (layout: Layout) => readonly Frame["pixels"][] | Promise<readonly Frame["pixels"][]>,
): Page {
  return {
    blocks: layout,
    async read(plane) {
      const own = planeLayout(layout, plane);
      file.pixelZeros.reset();
      return { pixelsAt: own.offsets[0]!, planes: await read(own) };
    },
  };
}

function invert(pixels: Uint8Array | Uint16Array): void {
  const highest = pixels instanceof Uint8Array ? 0xff : 0xffff;
  for (let i = 0; i < pixels.length; i++) pixels[i] = highest - pixels[i]!;
}
