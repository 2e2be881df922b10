/**
 * The pixels of one TIFF page, put together from its strips or tiles. Everything that the directory claims is
 * checked against the file before the frame is allocated. Errors are plain sentences; the caller adds file and page.
 * @module
 */
import { endianness } from "node:os";
import { assertPlausible } from "./expansion.js";
import type { FileBytes } from "./file-bytes.js";
import { MAX_SIDE_PX } from "./frame.js";
import { isNdTiff } from "./ndtiff-index.js";
import { blocksOf } from "./tiff-blocks.js";
import { type TiffCodec, tiffCodec } from "./tiff-codecs.js";
import { type TiffDirectory, TiffTag } from "./tiff-directory.js";

const HOST_IS_LITTLE_ENDIAN = endianness() === "LE";

/** Photometric interpretations that are one plane of counts: inverted or not, or with a palette for the screen. */
const GREY = [0, 1, 3];

/** The pixels of a page are no 8- or 16-bit counts as this reader knows them; another may read them. */
export class OtherPixels extends Error {}

/** What a page holds and how it is cut into blocks (strips or tiles). */
export interface PageLayout {
  readonly width: number;
  readonly height: number;
  readonly bytesPerPixel: 1 | 2;
  readonly codec: TiffCodec;
  /** Horizontal differences are stored instead of values. */
  readonly differenced: boolean;
  /** 0 is the brightest value: the counts are inverted. */
  readonly whiteIsZero: boolean;
  readonly blockWidth: number;
  readonly blockHeight: number;
  /** Tiles are always full; the last strip holds only the rows that are left. */
  readonly tiled: boolean;
  /** "strip" or "tile", for messages. */
  readonly blockName: string;
  readonly offsets: readonly number[];
  readonly byteCounts: number[];
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
  const bytesPerPixel = readBytesPerPixel(directory, width * height, file);
  const codec = tiffCodec(directory.number(TiffTag.compression) ?? 1);
  if (codec === undefined) throw new OtherPixels("its compression is another one");
  const predictor = directory.number(TiffTag.predictor) ?? 1;
  if (predictor !== 1 && predictor !== 2)
    throw new OtherPixels(`its predictor ${predictor} is not for integers`);
  assertAffordable(width * height * bytesPerPixel, maxBytes);

  const { tiled, blockWidth, blockHeight } = blocksOf(directory, width, height);
  const blocks = Math.ceil(width / blockWidth) * Math.ceil(height / blockHeight);
  const layout: PageLayout = {
    width,
    height,
    bytesPerPixel,
    codec,
    // What is not compressed is stored as it is, whatever else the file says.
    differenced: predictor === 2 && codec.name !== "none",
    whiteIsZero: directory.number(TiffTag.photometric) === 0,
    blockWidth,
    blockHeight,
    tiled,
    blockName: tiled ? "tile" : "strip",
    ...readBlocks(directory, tiled, codec, height * width * bytesPerPixel, blocks),
  };
  if (codec.name === "none" && !tiled) correctCounts(layout);
  assertBlocksInside(layout, file.size);
  const stored = Math.min(
    file.size,
    layout.byteCounts.reduce((sum, count) => sum + count, 0),
  );
  assertPlausible(width * height * bytesPerPixel, stored);
  assertPlausible(blockWidth * blockHeight * bytesPerPixel, stored);
  return layout;
}

/** Some writers get the counts of uncompressed strips wrong, where they say nothing new. */
function correctCounts(layout: PageLayout): void {
  for (const [index, offset] of layout.offsets.entries()) {
    layout.byteCounts[index] = offset === 0 ? 0 : neededBytes(layout, index);
  }
}

/** @throws Error saying that an image is larger than one may be. */
export function assertAffordable(imageBytes: number, maxBytes: number, what = "one image"): void {
  if (imageBytes <= maxBytes) return;
  const [size, most] = [imageBytes, maxBytes].map((bytes) => Math.round(bytes / 2 ** 20));
  throw new Error(`it takes ${size} MiB, over the limit of ${most} MiB for ${what}`);
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
  const { width, height, bytesPerPixel, blockWidth, blockHeight, codec, blockName } = layout;
  const pixels = new Uint8Array(width * height * bytesPerPixel);
  const swap = bytesPerPixel === 2 && littleEndian !== HOST_IS_LITTLE_ENDIAN;
  const across = Math.ceil(width / blockWidth);
  for (const [index, offset] of layout.offsets.entries()) {
    const left = (index % across) * blockWidth;
    const top = Math.floor(index / across) * blockHeight;
    const count = layout.byteCounts[index]!;
    // A block that is not stored is empty.
    if (offset === 0 || count === 0) continue;
    const needed = neededBytes(layout, index);
    const block = codec.decode(file.read(offset, count), blockWidth * blockHeight * bytesPerPixel);
    if (block.length < needed) {
      throw new Error(
        `${blockName} ${index} holds ${block.length} bytes where ${needed} are needed: it is damaged`,
      );
    }
    if (layout.differenced) undoDifferences(block.subarray(0, needed), blockWidth, bytesPerPixel, swap);
    copyBlock(block, pixels, layout, left, top);
  }
  if (swap && !layout.differenced) Buffer.from(pixels.buffer).swap16();
  return bytesPerPixel === 1 ? pixels : new Uint16Array(pixels.buffer);
}

function readBytesPerPixel(directory: TiffDirectory, pixels: number, file: FileBytes): 1 | 2 {
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

function readBlocks(
  directory: TiffDirectory,
  tiled: boolean,
  codec: TiffCodec,
  frameBytes: number,
  blocks: number,
): { offsets: number[]; byteCounts: number[] } {
  const offsetsTag = tiled ? TiffTag.tileOffsets : TiffTag.stripOffsets;
  const name = tiled ? "tile" : "strip";
  const listed = directory.count(offsetsTag);
  if (listed > 0 && listed < blocks) {
    throw new Error(`it lists ${listed} ${name}s where its size needs ${blocks}: it is damaged`);
  }
  const offsets = directory.numbers(offsetsTag, blocks);
  if (offsets === undefined) throw new Error("it has no pixel data");
  const byteCounts = directory.numbers(tiled ? TiffTag.tileByteCounts : TiffTag.stripByteCounts, blocks);
  // Some old writers leave the counts out of uncompressed files.
  if (byteCounts === undefined && codec.name === "none" && !tiled) {
    return { offsets, byteCounts: offsets.map(() => frameBytes) };
  }
  if (byteCounts === undefined) throw new Error("the sizes of its strips or tiles are missing");
  if (offsets.every((offset) => offset === 0)) throw new Error(`all of its ${name}s are missing`);
  return { offsets, byteCounts };
}

function assertBlocksInside(layout: PageLayout, fileBytes: number): void {
  const { offsets, byteCounts, codec, blockName } = layout;
  if (offsets.length === 0 || byteCounts.length < offsets.length) {
    throw new Error(`the sizes of its ${blockName}s are missing: it is damaged`);
  }
  for (const [index, offset] of offsets.entries()) {
    const count = byteCounts[index]!;
    if (offset === 0 || count === 0) continue;
    if (offset + count > fileBytes) {
      throw new Error(
        `${blockName} ${index} ends at byte ${offset + count}, but the file has ${fileBytes} bytes: ` +
          "it is cut short or still being written",
      );
    }
    const needed = neededBytes(layout, index);
    if (count * codec.largestRatio < needed) {
      throw new Error(
        `${blockName} ${index} has ${count} bytes, which cannot hold the ${needed} bytes of pixels that its size needs`,
      );
    }
  }
}

/** Bytes that a block must decode to: tiles are full, strips have the rows that the frame has left. */
function neededBytes(layout: PageLayout, index: number): number {
  const { width, height, blockWidth, blockHeight, bytesPerPixel } = layout;
  if (layout.tiled) return blockWidth * blockHeight * bytesPerPixel;
  return width * Math.min(blockHeight, height - index * blockHeight) * bytesPerPixel;
}

function copyBlock(
  block: Uint8Array,
  pixels: Uint8Array,
  layout: PageLayout,
  left: number,
  top: number,
): void {
  const { width, height, blockWidth, blockHeight, bytesPerPixel } = layout;
  const rows = Math.min(blockHeight, height - top);
  const rowBytes = Math.min(blockWidth, width - left) * bytesPerPixel;
  if (blockWidth === width) {
    pixels.set(block.subarray(0, rows * rowBytes), top * rowBytes);
    return;
  }
  for (let row = 0; row < rows; row++) {
    const from = row * blockWidth * bytesPerPixel;
    pixels.set(block.subarray(from, from + rowBytes), ((top + row) * width + left) * bytesPerPixel);
  }
}

/** Sums the stored differences along each row, in place. Sixteen-bit sums need the host's byte order first. */
function undoDifferences(block: Uint8Array, columns: number, bytesPerPixel: 1 | 2, swap: boolean): void {
  if (swap) Buffer.from(block.buffer, block.byteOffset, block.length).swap16();
  const aligned = bytesPerPixel === 1 || block.byteOffset % 2 === 0 ? block : block.slice();
  const values =
    bytesPerPixel === 1
      ? aligned
      : new Uint16Array(aligned.buffer, aligned.byteOffset, aligned.length / bytesPerPixel);
  for (let row = 0; row < values.length; row += columns) {
    for (let i = row + 1; i < row + columns; i++) values[i]! += values[i - 1]!;
  }
  if (aligned !== block) block.set(aligned);
}
