/**
 * The pixels of one TIFF page, put together from its strips or tiles. Everything that the directory claims is
 * checked against the file before the frame is allocated. Errors are plain sentences; the caller adds file and page.
 * @module
 */
import { endianness } from "node:os";
import type { FileBytes } from "./file-bytes.js";
import { MAX_SIDE_PX } from "./frame.js";
import { isNdTiff } from "./ndtiff-index.js";
import { neededBytes, readBlock, readBlocks, type TiffBlocks } from "./tiff-blocks.js";
import { NOT_COMPRESSED, type TiffCodec, tiffCodec } from "./tiff-codecs.js";
import { type TiffDirectory, TiffTag } from "./tiff-directory.js";
import { predictorOf } from "./tiff-predictor.js";

const HOST_IS_LITTLE_ENDIAN = endianness() === "LE";

/** Photometric interpretations that are one plane of counts: inverted or not, or with a palette. */
const GREY = [0, 1, 3];

/** From this size on pixels are not copied, where that is possible. */
const LARGE_BYTES = 2 ** 24;

/** The pixels of a page are no 8- or 16-bit counts as this reader knows them; another may read them. */
export class OtherPixels extends Error {}

/** What a page holds and how it is cut into blocks (strips or tiles). */
export interface PageLayout extends TiffBlocks {
  readonly pixelBytes: 1 | 2;
  readonly codec: TiffCodec;
  /** Horizontal differences are stored instead of values. */
  readonly differenced: boolean;
}

/** Width and height of a page, px. @throws Error when they are those of no image. */
export function readPageSize(directory: TiffDirectory): { readonly width: number; readonly height: number } {
  const width = directory.number(TiffTag.imageWidth);
  const height = directory.number(TiffTag.imageLength);
  if (width === undefined || height === undefined) throw new Error("it has no width or height");
  if (width < 1 || height < 1) throw new Error(`its size, ${width} x ${height} px, is not that of an image`);
  if (width > MAX_SIDE_PX || height > MAX_SIDE_PX) {
    throw new Error(`it claims ${width} x ${height} px, over the limit of ${MAX_SIDE_PX} px a side`);
  }
  return { width, height };
}

/**
 * Reads and checks the layout of a page.
 * @param maxBytes most bytes of its pixels.
 * @throws OtherPixels when the page is no 8- or 16-bit greyscale image; Error when it claims more than the file can hold.
 */
export function readPageLayout(
  directory: TiffDirectory,
  file: FileBytes,
  maxBytes: number = Number.POSITIVE_INFINITY,
): PageLayout {
  const { width, height } = readPageSize(directory);
  if (directory.number(TiffTag.fillOrder) === 2) throw new Error("its bits are stored in reverse order");
  const pixelBytes = readPixelBytes(directory, width * height, file);
  const compression = directory.number(TiffTag.compression) ?? 1;
  const codec = tiffCodec(compression);
  if (codec === undefined) throw new OtherPixels("its compression is another one");
  const predictor = predictorOf(directory);
  if (predictor === 3) throw new OtherPixels("its predictor is not for integers");
  const contents = { width, height, pixelBytes, parts: 1, compression };
  const blocks = readBlocks(directory, contents, file.size, maxBytes);
  return { ...blocks, pixelBytes, codec, differenced: predictor === 2 };
}

/**
 * Decodes the pixels of a page into memory of their own, counts in the byte order of this machine.
 * @throws Error when a strip or tile is damaged or too short.
 */
export function readPagePixels(
  file: FileBytes,
  layout: PageLayout,
  littleEndian: boolean,
): Uint8Array | Uint16Array {
  const { pixelBytes, differenced } = layout;
  const swap = pixelBytes === 2 && littleEndian !== HOST_IS_LITTLE_ENDIAN;
  const pixels = wholePage(file, layout) ?? decodedPage(file, layout, swap);
  if (swap && !differenced) Buffer.from(pixels.buffer).swap16();
  return pixelBytes === 1 ? pixels : new Uint16Array(pixels.buffer);
}

/** The pixels of all strips or tiles. @param swap of differences that are undone, what byte order they are in. */
function decodedPage(file: FileBytes, layout: PageLayout, swap: boolean): Uint8Array {
  const { width, height, pixelBytes, blockWidth, blockHeight, codec, blockName } = layout;
  const pixels = new Uint8Array(width * height * pixelBytes);
  const across = Math.ceil(width / blockWidth);
  for (const [index, count] of layout.byteCounts.entries()) {
    if (count === 0) continue;
    const left = (index % across) * blockWidth;
    const top = Math.floor(index / across) * blockHeight;
    const needed = neededBytes(layout, index);
    const block = codec.decode(readBlock(file, layout, index), blockWidth * blockHeight * pixelBytes);
    if (block.length < needed) {
      throw new Error(
        `${blockName} ${index} holds ${block.length} bytes where ${needed} are needed: it is damaged`,
      );
    }
    if (layout.differenced) undoDifferences(block.subarray(0, needed), blockWidth, pixelBytes, swap);
    copyBlock(block, pixels, layout, left, top);
  }
  return pixels;
}

/** A large page that lies in the file as it is, which need not be copied; undefined where it is another. */
function wholePage(file: FileBytes, layout: PageLayout): Uint8Array | undefined {
  const { byteCounts, compression, tiled, differenced } = layout;
  if (byteCounts.length > 1 || byteCounts[0]! < LARGE_BYTES || tiled || differenced) return undefined;
  if (compression !== NOT_COMPRESSED) return undefined;
  const block = readBlock(file, layout, 0);
  return block.byteLength === block.buffer.byteLength ? block : undefined;
}

function readPixelBytes(directory: TiffDirectory, pixels: number, file: FileBytes): 1 | 2 {
  const photometric = directory.number(TiffTag.photometric) ?? 1;
  const samples = directory.number(TiffTag.samplesPerPixel) ?? 1;
  if (samples !== 1 || !GREY.includes(photometric)) throw new OtherPixels("it has several channels");
  const bits = directory.number(TiffTag.bitsPerSample) ?? 1;
  const format = directory.number(TiffTag.sampleFormat) ?? 1;
  // 4 is "undefined": such data are read as what they most often are.
  if ((format !== 1 && format !== 4) || (bits !== 8 && bits !== 16)) {
    throw new OtherPixels(`its pixels have ${bits} bits`);
  }
  if (bits === 8) return 1;
  // ndstorage calls its 8-bit images 16-bit ones.
  const stored = directory.number(TiffTag.stripByteCounts);
  return stored === pixels && isNdTiff(file) ? 1 : 2;
}

function copyBlock(
  block: Uint8Array,
  pixels: Uint8Array,
  layout: PageLayout,
  left: number,
  top: number,
): void {
  const { width, height, blockWidth, blockHeight, pixelBytes } = layout;
  const rows = Math.min(blockHeight, height - top);
  const rowBytes = Math.min(blockWidth, width - left) * pixelBytes;
  if (blockWidth === width) {
    pixels.set(block.subarray(0, rows * rowBytes), top * rowBytes);
    return;
  }
  for (let row = 0; row < rows; row++) {
    const from = row * blockWidth * pixelBytes;
    pixels.set(block.subarray(from, from + rowBytes), ((top + row) * width + left) * pixelBytes);
  }
}

/** Sums the stored differences along each row, in place. Sixteen-bit sums need the host's byte order first. */
function undoDifferences(block: Uint8Array, columns: number, pixelBytes: 1 | 2, swap: boolean): void {
  if (swap) Buffer.from(block.buffer, block.byteOffset, block.length).swap16();
  const aligned = pixelBytes === 1 || block.byteOffset % 2 === 0 ? block : block.slice();
  const values =
    pixelBytes === 1
      ? aligned
      : new Uint16Array(aligned.buffer, aligned.byteOffset, aligned.length / pixelBytes);
  for (let row = 0; row < values.length; row += columns) {
    for (let i = row + 1; i < row + columns; i++) values[i]! += values[i - 1]!;
  }
  if (aligned !== block) block.set(aligned);
}
