import { basename } from "node:path";
import { FrameReadError, reasonOf } from "../errors.js";
import { significantBits } from "./bit-depth.js";
import type { Colour } from "./counts.js";
import type { FileBytes } from "./file-bytes.js";
import type { Frame } from "./frame.js";
import type { FrameMetadata } from "./micro-manager-metadata.js";
import type { FileMetadata } from "./ome-xml.js";
import {
  hasTiffSignature,
  readTiffHeader,
  TiffDirectory,
  type TiffHeader,
  TiffTag,
} from "./tiff-directory.js";
import { readFileMetadata, readPageMetadata } from "./tiff-metadata.js";
import { planesIn } from "./tiff-page.js";

/** One image of a file. */
export interface FramePage {
  /** Counted from 0, in file order. */
  readonly page: number;
  readonly frame: Frame;
  /** What the file says about the acquisition; empty where it says nothing. */
  readonly metadata: FrameMetadata;
  /** Where it lies, for coming back to it; missing where a file has one page only. */
  readonly place?: PagePlace;
  /** Of the first page: files of its data set that are not there. */
  readonly missing?: readonly string[];
}

/** A page that could not be read; those after it may be. */
export interface FailedPage {
  readonly page: number;
  readonly error: FrameReadError;
}

/** Where a page of a TIFF lies. */
export interface PagePlace {
  readonly page: number;
  /** Of its directory, bytes from the start of the file. */
  readonly offset: number;
  /** Which of the directory's planes it is. */
  readonly plane: number;
  /** Whether another page is known to follow. */
  readonly isFollowed: boolean;
}

/** How pages are read. */
export interface PageOptions {
  /** Most bytes of the pixels of one image. */
  readonly maxBytes?: number;
  /** What is taken of colour images; luminance if missing. */
  readonly colour?: Colour;
  /** The page to begin with, by the place that it had; the first one if missing. */
  readonly from?: PagePlace;
  /** What an index says about the page whose pixels begin there. */
  readonly axesAt?: (pixelsAt: number) => FrameMetadata;
  /** The descriptions in another file of the same folder. */
  readonly beside?: (name: string) => readonly string[];
  /** Of files of the same folder, those that are not there. */
  readonly missing?: (names: readonly string[]) => readonly string[];
}

export { hasTiffSignature };

/** Bits of NewSubfileType that mark a page as a smaller copy or as a mask. */
const NOT_A_FRAME = 0b101;

/** Pages of a file that were looked at before any was read. */
interface Walk {
  readonly header: TiffHeader;
  /** Whether smaller copies are marked as such: some writers mark every page. */
  readonly marksCopies: boolean;
  readonly shared: FileMetadata;
}

/**
 * Decodes the pages of a TIFF or BigTIFF one by one: greyscale of 8 or 16 bits in either byte order, in strips or tiles,
 * uncompressed, LZW, Deflate or PackBits by our own reader, what else geotiff knows by that. Inverted pages (WhiteIsZero) come
 * out upright, ImageJ's as they are stored: there it is a setting of the screen, as is a palette. Smaller copies of a page
 * (pyramids, thumbnails) and masks are passed over. A page that cannot be read is given as such, and those after it follow.
 *
 * @param path names the file in errors; nothing is opened.
 * @throws FrameReadError naming file and page where the way to the next page is lost.
 */
export async function* decodeTiff(
  file: FileBytes,
  path: string,
  options: PageOptions & { signal?: AbortSignal } = {},
): AsyncGenerator<FramePage | FailedPage, void, undefined> {
  const { signal, from } = options;
  const walk = orFrameReadError(path, undefined, () => beginWalk(file, basename(path), options.beside));
  const { header } = walk;
  const seen = new Set<number>();
  let offset = from?.offset ?? header.firstDirectory;
  let page = from === undefined ? 0 : from.page - from.plane;
  let directoryBytes = 0;
  const { tellsSamples } = walk.shared;
  while (offset !== 0) {
    signal?.throwIfAborted();
    const at = offset;
    const directory = orFrameReadError(path, page, () => {
      if (seen.has(at)) throw new Error("its directory is that of an earlier page: the file is damaged");
      const read = TiffDirectory.read(file, header, at);
      directoryBytes += read.size;
      // Each can be large and begin within another: reading them would take as long as the square of the file.
      if (directoryBytes > file.size) throw new Error("its directories overlap: the file is damaged");
      return read;
    });
    seen.add(at);
    offset = directory.next;
    const isOnly = at === header.firstDirectory && offset === 0;
    const named = isOnly ? undefined : page;
    if (walk.marksCopies && isCopy(directory)) continue;
    const isFollowed = TiffDirectory.isAt(file, header, offset);
    let plane = 0;
    for await (const read of planesIn({ file, directory, isOnly, tellsSamples, ...options })) {
      signal?.throwIfAborted();
      const number = page + plane;
      const place = { page: number, offset: at, plane, isFollowed: isFollowed || read.isFollowed };
      plane++;
      if (from !== undefined && at === from.offset && place.plane < from.plane) continue;
      if ("failure" in read) {
        yield {
          page: number,
          error: pageError(path, named === undefined && !read.isFollowed ? undefined : number, read.failure),
        };
        continue;
      }
      const own = place.plane === 0 ? readPageMetadata(directory) : {};
      const axes = options.axesAt?.(read.pixelsAt);
      const shared = walk.shared(Math.floor(number / read.channels), read.channel);
      const metadata = { ...shared, ...own, ...axes };
      const { width, height } = read;
      const { pixels } = read;
      const bitDepth = significantBits(pixels, metadata.bitDepth ?? packedBits(directory));
      const frame = { width, height, pixels, ...(bitDepth === undefined ? {} : { bitDepth }) };
      const channel =
        read.channel === undefined || tellsSamples === true
          ? {}
          : { channelIndex: read.channel, ofSeveralChannels: true as const };
      const missing = number === 0 ? (options.missing?.(walk.shared.members ?? []) ?? []) : [];
      yield {
        ...{ page: number, frame, metadata: { ...channel, ...metadata }, place },
        ...(missing.length > 0 && { missing }),
      };
    }
    page += plane;
  }
  if (page === 0) throw new FrameReadError(path, "the TIFF holds no image");
}

/** Bits of a pixel where they are packed. */
function packedBits(directory: TiffDirectory): number | undefined {
  const bits = directory.number(TiffTag.bitsPerSample) ?? 8;
  return bits % 8 === 0 ? undefined : bits;
}

/** Reads what the first directory says about all pages. */
function beginWalk(file: FileBytes, fileName: string, beside: PageOptions["beside"]): Walk {
  const header = readTiffHeader(file);
  const { firstDirectory } = header;
  if (!TiffDirectory.isAt(file, header, firstDirectory)) {
    return { header, marksCopies: true, shared: () => ({}) };
  }
  const first = TiffDirectory.read(file, header, firstDirectory);
  const shared = readFileMetadata(first, fileName, beside);
  return { header, marksCopies: !isCopy(first) || hasFrame(file, header, first), shared };
}

function isCopy(directory: TiffDirectory): boolean {
  try {
    return ((directory.number(TiffTag.newSubfileType) ?? 0) & NOT_A_FRAME) !== 0;
  } catch {
    return false;
  }
}

/** Whether any page after this one is not marked as a copy. */
function hasFrame(file: FileBytes, header: TiffHeader, first: TiffDirectory): boolean {
  let directoryBytes = first.size;
  try {
    for (let at = first.next; TiffDirectory.isAt(file, header, at); ) {
      const directory = TiffDirectory.read(file, header, at);
      directoryBytes += directory.size;
      // They overlap or go round: told when they are read.
      if (!isCopy(directory) || directoryBytes > file.size) return true;
      at = directory.next;
    }
  } catch {
    return true;
  }
  return false;
}

function orFrameReadError<T>(path: string, page: number | undefined, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw pageError(path, page, cause);
  }
}

function pageError(path: string, page: number | undefined, cause: unknown): FrameReadError {
  const where = page === undefined ? "" : `page ${page} (number ${page + 1} in the file): `;
  return new FrameReadError(path, `${where}${reasonOf(cause)}`, { cause });
}
