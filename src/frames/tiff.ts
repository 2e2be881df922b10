import { FrameReadError, reasonOf } from "../errors.js";
import { significantBits } from "./bit-depth.js";
import type { Frame } from "./frame.js";
import type { FrameMetadata } from "./micro-manager-metadata.js";
import { hasTiffSignature, readTiffHeader, TiffDirectory, TiffTag } from "./tiff-directory.js";
import { imageJPageCount, readOmeMetadata, readPageMetadata } from "./tiff-metadata.js";
import { type PageLayout, readPageLayout, readPagePixels } from "./tiff-pixels.js";

/** One image of a file. */
export interface FramePage {
  /** Counted from 0, in file order. */
  readonly page: number;
  readonly frame: Frame;
  /** What the file says about the acquisition; empty where it says nothing. */
  readonly metadata: FrameMetadata;
}

export { hasTiffSignature };

/** Bits of NewSubfileType that mark a page as a smaller copy or as a mask. */
const NOT_A_FRAME = 0b101;

/**
 * Decodes the pages of a TIFF or BigTIFF one by one: 8- or 16-bit unsigned greyscale in either byte order, in
 * strips or tiles, uncompressed, LZW, Deflate or PackBits, with or without horizontal differencing.
 * Inverted pages (WhiteIsZero) come out upright. A colour map is a display setting: the stored counts are
 * given. Smaller copies of a page (pyramids, thumbnails) and masks are passed over.
 *
 * @param bytes the whole file.
 * @param path names the file in errors; nothing is opened.
 * @throws FrameReadError naming file and page, after the pages before it have been given.
 */
export function* decodeTiff(
  bytes: Uint8Array,
  path: string,
  { signal }: { signal?: AbortSignal } = {},
): Generator<FramePage, void, undefined> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = orFrameReadError(path, undefined, () => readTiffHeader(view));
  const seen = new Set<number>();
  let offset = header.firstDirectory;
  let page = 0;
  let directoryBytes = 0;
  let shared: FrameMetadata = {};
  while (offset !== 0) {
    signal?.throwIfAborted();
    const at = offset;
    const directory = orFrameReadError(path, page, () => {
      if (seen.has(at)) throw new Error("its directory is that of an earlier page: the file is damaged");
      const read = TiffDirectory.read(view, header, at);
      directoryBytes += read.size;
      // Each can be large and begin within another: reading them would take as long as the square of the file.
      if (directoryBytes > bytes.length) throw new Error("its directories overlap: the file is damaged");
      return read;
    });
    seen.add(at);
    offset = directory.next;
    const named = page === 0 && offset === 0 ? undefined : page;
    const subfile = orFrameReadError(path, named, () => directory.number(TiffTag.newSubfileType) ?? 0);
    if ((subfile & NOT_A_FRAME) !== 0) continue;

    const layout = orFrameReadError(path, named, () => readPageLayout(directory, bytes.length));
    if (page === 0) shared = readOmeMetadata(directory);
    const own = { ...shared, ...readPageMetadata(directory) };
    // ImageJ describes a big stack by its first page only; the others follow it without directories.
    const pages =
      page === 0 && offset === 0 && hasRoomAfter(layout, bytes.length) ? imageJPageCount(directory) : 1;
    for (let i = 0; i < pages; i++) {
      signal?.throwIfAborted();
      const metadata = i === 0 ? own : shared;
      const frame = readFrame(bytes, path, pages > 1 ? i : named, shifted(layout, i), header, metadata);
      yield { page, frame, metadata };
      page++;
    }
  }
  if (page === 0) throw new FrameReadError(path, "the TIFF holds no image");
}

function readFrame(
  bytes: Uint8Array,
  path: string,
  page: number | undefined,
  layout: PageLayout,
  header: { littleEndian: boolean },
  metadata: FrameMetadata,
): Frame {
  const last = layout.offsets.at(-1)! + layout.byteCounts[layout.offsets.length - 1]!;
  if (last > bytes.length) {
    throw pageError(path, page, new Error(`it ends at byte ${last}, but the file has ${bytes.length} bytes`));
  }
  const pixels = orFrameReadError(path, page, () => readPagePixels(bytes, layout, header.littleEndian));
  if (layout.whiteIsZero) invert(pixels);
  const { width, height } = layout;
  const bitDepth = significantBits(pixels, metadata.bitDepth);
  return { width, height, pixels, ...(bitDepth === undefined ? {} : { bitDepth }) };
}

/**
 * True when a page is one run of uncompressed bytes with room for another behind it. Without the room, a count
 * of images is only left over from the stack that the page was taken out of.
 */
function hasRoomAfter(layout: PageLayout, fileBytes: number): boolean {
  const { codec, tiled, offsets, byteCounts } = layout;
  const end = offsets.at(-1)! + byteCounts[offsets.length - 1]!;
  return (
    codec.name === "none" &&
    !tiled &&
    end + pageBytes(layout) <= fileBytes &&
    offsets.every((offset, i) => i === 0 || offset === offsets[i - 1]! + byteCounts[i - 1]!)
  );
}

function pageBytes({ width, height, bytesPerPixel }: PageLayout): number {
  return width * height * bytesPerPixel;
}

function shifted(layout: PageLayout, pages: number): PageLayout {
  if (pages === 0) return layout;
  const by = pages * pageBytes(layout);
  return { ...layout, offsets: layout.offsets.map((offset) => offset + by) };
}

function invert(pixels: Uint8Array | Uint16Array): void {
  const highest = pixels instanceof Uint8Array ? 0xff : 0xffff;
  for (let i = 0; i < pixels.length; i++) pixels[i] = highest - pixels[i]!;
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
