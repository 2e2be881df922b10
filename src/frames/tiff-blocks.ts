/**
 * How the pixels of a page lie in the file, whatever numbers they are: in tiles, or in strips as wide as the page. All that a directory
 * claims of them is checked against the file here, before anything is allocated.
 * @module
 */
import { assertAffordable, assertPlausible } from "./expansion.js";
import type { FileBytes } from "./file-bytes.js";
import { MAX_SIDE_PX } from "./frame.js";
import { JPEG, NOT_COMPRESSED, tiffCodec } from "./tiff-codecs.js";
import { type TiffDirectory, TiffTag } from "./tiff-directory.js";

/** Decoding a JPEG takes so many times the memory, and the time, that other images of its size take. */
const JPEG_WORK = 6;

/** What the blocks of a page are made of. */
export interface BlockContents {
  /** Of the page, px. */
  readonly width: number;
  readonly height: number;
  /** Bytes of a pixel in a block, not compressed; packed pixels have a fraction. */
  readonly pixelBytes: number;
  /** How often the page is stored: once a channel where each lies by itself. */
  readonly parts: number;
  /** Value of TIFF tag 259. */
  readonly compression: number;
}

/** The tiles or strips of a page. */
export interface TiffBlocks extends BlockContents {
  readonly tiled: boolean;
  readonly blockWidth: number;
  readonly blockHeight: number;
  /** "strip" or "tile", for messages. */
  readonly blockName: string;
  /** Where they lie; those of a part after those of the part before. */
  readonly offsets: readonly number[];
  /** Bytes that each takes in the file, 0 where it is not stored: its pixels are zeros. */
  readonly byteCounts: readonly number[];
  /** Bytes of all blocks in the file. */
  readonly stored: number;
}

/**
 * Reads where the blocks of a page lie.
 * @param maxBytes most bytes of its pixels.
 * @throws Error when there cannot be such blocks, or the file does not hold them.
 */
export function readBlocks(
  directory: TiffDirectory,
  contents: BlockContents,
  fileBytes: number,
  maxBytes: number,
): TiffBlocks {
  if (contents.compression === JPEG) assertAffordable(pageBytes(contents), maxBytes / JPEG_WORK, "one JPEG");
  else assertAffordable(pageBytes(contents), maxBytes);
  const shape = { ...contents, ...blockShapeOf(directory, contents) };
  const blocks = { ...shape, ...readPlaces(directory, shape) };
  assertBlocksInside(blocks, fileBytes);
  // Blocks may overlap: together they have no more bytes than the file.
  const stored = Math.min(blocks.stored, fileBytes);
  assertPlausible(pageBytes(blocks), stored);
  assertPlausible(blockRowBytes(blocks) * blocks.blockHeight, stored);
  return blocks;
}

/** Bytes of a page, not compressed. */
export function pageBytes({ width, height, pixelBytes, parts }: BlockContents): number {
  return Math.ceil(width * pixelBytes) * height * parts;
}

/** Bytes of a row of a block: each row of packed pixels begins with a byte of its own. */
export function blockRowBytes({ blockWidth, pixelBytes }: Pick<TiffBlocks, "blockWidth" | "pixelBytes">) {
  return Math.ceil(blockWidth * pixelBytes);
}

/** Bytes that a block must decode to: tiles are full, strips have the rows that the page has left. */
export function neededBytes(blocks: BlockShape, index: number): number {
  return blockRowBytes(blocks) * (blocks.tiled ? blocks.blockHeight : rowsInside(blocks, index));
}

/** So many zeros in a row may be a part of the file that a copy has left out so far, px, and where they are compressed, bytes. */
export const GAP_PX = 1024;

/** The bytes of a block, as they are stored; those that are compressed are no zeros in a row. Notes what zeros they have. */
export function readBlock(file: FileBytes, blocks: TiffBlocks, index: number): Uint8Array {
  const [offset, count] = [blocks.offsets[index]!, blocks.byteCounts[index]!];
  const bytes = file.read(offset, count);
  if (blocks.compression !== NOT_COMPRESSED) {
    file.pixelZeros.add(offset, count, bytes, { rowBytes: GAP_PX, gapBytes: GAP_PX });
    return bytes;
  }
  const rowBytes = blockRowBytes(blocks);
  // What a tile has beyond the page may be zeros: rows below it, and the ends of its rows.
  const inside = bytes.subarray(0, rowsInside(blocks, index) * rowBytes);
  const gapBytes = Math.max(Math.ceil(GAP_PX * blocks.pixelBytes), blocks.tiled ? 2 * rowBytes : 0);
  file.pixelZeros.add(offset, count, inside, { rowBytes, gapBytes });
  return bytes;
}

type BlockShape = Omit<TiffBlocks, "offsets" | "byteCounts" | "stored">;

function blockShapeOf(
  directory: TiffDirectory,
  { width, height }: BlockContents,
): Pick<TiffBlocks, "tiled" | "blockWidth" | "blockHeight" | "blockName"> {
  const tileWidth = directory.number(TiffTag.tileWidth);
  const tiled = tileWidth !== undefined;
  const blockWidth = tileWidth ?? width;
  const blockHeight = tiled
    ? (directory.number(TiffTag.tileLength) ?? 0)
    : Math.min(directory.number(TiffTag.rowsPerStrip) || height, height);
  if (blockWidth < 1 || blockHeight < 1 || blockWidth > MAX_SIDE_PX || blockHeight > MAX_SIDE_PX) {
    throw new Error(`its tiles of ${blockWidth} x ${blockHeight} px cannot be right`);
  }
  return { tiled, blockWidth, blockHeight, blockName: tiled ? "tile" : "strip" };
}

function blocksOfPart({ width, height, blockWidth, blockHeight }: BlockShape): number {
  return Math.ceil(width / blockWidth) * Math.ceil(height / blockHeight);
}

/** Rows of a block that lie within the page. */
function rowsInside(blocks: BlockShape, index: number): number {
  const { width, height, blockWidth, blockHeight } = blocks;
  const row = Math.floor((index % blocksOfPart(blocks)) / Math.ceil(width / blockWidth));
  return Math.min(blockHeight, height - row * blockHeight);
}

function readPlaces(
  directory: TiffDirectory,
  shape: BlockShape,
): Pick<TiffBlocks, "offsets" | "byteCounts" | "stored"> {
  const { tiled, blockName: name, compression } = shape;
  const [offsetsTag, countsTag] = tiled
    ? [TiffTag.tileOffsets, TiffTag.tileByteCounts]
    : [TiffTag.stripOffsets, TiffTag.stripByteCounts];
  const blocks = blocksOfPart(shape) * shape.parts;
  const listed = directory.count(offsetsTag);
  if (listed > 0 && listed < blocks) {
    throw new Error(`it lists ${listed} ${name}s where its size needs ${blocks}: it is damaged`);
  }
  const offsets = directory.numbers(offsetsTag, blocks);
  if (offsets === undefined) throw new Error("it has no pixel data");
  if (offsets.every((offset) => offset === 0)) throw new Error(`all of its ${name}s are missing`);
  // Some writers leave out the sizes of uncompressed strips, or get them wrong: they say nothing new.
  const areKnown = compression === NOT_COMPRESSED && !tiled;
  const said = areKnown
    ? offsets.map((_, index) => neededBytes(shape, index))
    : (directory.numbers(countsTag, blocks) ?? []);
  if (said.length < offsets.length) throw new Error(`the sizes of its ${name}s are missing: it is damaged`);
  const byteCounts = said.map((count, index) => (offsets[index] === 0 ? 0 : count));
  return { offsets, byteCounts, stored: byteCounts.reduce((sum, count) => sum + count, 0) };
}

function assertBlocksInside(blocks: TiffBlocks, fileBytes: number): void {
  const { offsets, byteCounts, blockName } = blocks;
  const ratio = tiffCodec(blocks.compression)?.largestRatio ?? Number.POSITIVE_INFINITY;
  for (const [index, offset] of offsets.entries()) {
    const count = byteCounts[index]!;
    if (count === 0) continue;
    if (offset + count > fileBytes) {
      throw new Error(
        `${blockName} ${index} ends at byte ${offset + count}, but the file has ${fileBytes} bytes: ` +
          "it is cut short or still being written",
      );
    }
    const needed = neededBytes(blocks, index);
    if (count * ratio < needed) {
      throw new Error(
        `${blockName} ${index} has ${count} bytes, which cannot hold the ${needed} bytes of pixels that its size needs`,
      );
    }
  }
}
