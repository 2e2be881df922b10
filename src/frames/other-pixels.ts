/**
 * Pages of TIFFs that our own reader does not know: floating-point, signed, 32-bit and packed numbers (10, 12, 14 bits), several
 * channels, Zstandard and JPEG. geotiff reads them, by our decoders where they have limits. Errors are plain sentences; the caller adds file and page.
 * @module
 */
import {
  type BaseDecoder,
  BaseDecoder as Decoder,
  GeoTIFFImage,
  getDecoder,
  ImageFileDirectory,
} from "geotiff";
import { type Colour, countsOf, type Numbers, planeOf } from "./counts.js";
import type { FileBytes } from "./file-bytes.js";
import type { Frame } from "./frame.js";
import { assertJpegSize } from "./jpeg-size.js";
import { blockRowBytes, readBlock, readBlocks, type TiffBlocks } from "./tiff-blocks.js";
import { compressionName, JPEG, tiffCodec, ZSTANDARD } from "./tiff-codecs.js";
import { type TiffDirectory, TiffTag } from "./tiff-directory.js";
import { readPageSize } from "./tiff-pixels.js";
import { type Predictor, predictorOf } from "./tiff-predictor.js";
import { decodeZstandard } from "./zstandard.js";

const MOST_SAMPLES = 64;

const RGB = 2;
const YCBCR = 6;

/** Pages that our own reader does not know. */
export interface OtherLayout extends TiffBlocks {
  readonly samples: number;
  /** Of them, those that are no transparency. */
  readonly shown: number;
  readonly photometric: number;
  readonly predictor: Predictor;
  readonly bits: number;
  /** Value of TIFF tag 339. */
  readonly format: number;
  readonly littleEndian: boolean;
  /** What the JPEG blocks of the page share. */
  readonly jpegTables: Uint8Array | undefined;
}

/**
 * The planes of a page: one of a colour image, one a channel otherwise.
 * @throws Error when its pixels are damaged.
 */
export async function readOtherPlanes(
  file: FileBytes,
  layout: OtherLayout,
  colour: Colour,
): Promise<Frame["pixels"][]> {
  const source = sourceOf(file, layout) as unknown as ConstructorParameters<typeof GeoTIFFImage>[3];
  const image = new GeoTIFFImage(directoryOf(layout), layout.littleEndian, false, source);
  const samples = Array.from({ length: layout.shown }, (_, i) => i);
  const pool = {
    bindParameters: (_: number, parameters: object) =>
      boundedDecoder(layout, parameters as DecoderParameters),
  };
  let planes: Numbers[];
  try {
    planes = (await image.readRasters({ samples, pool: pool as never })) as unknown as Numbers[];
  } catch (cause) {
    throw new Error(`its pixels are damaged (${cause instanceof Error ? cause.message : String(cause)})`, {
      cause,
    });
  }
  if (!layout.littleEndian && layout.bits % 8 !== 0) {
    // geotiff unpacks to numbers of this machine, and takes them for those of the file.
    for (const { buffer } of planes) swapped(buffer as ArrayBuffer, 2);
  }
  return coloured(planes, layout.photometric, colour).map(countsOf);
}

/** The directory as geotiff wants it: what was read and checked, not what the file says. */
function directoryOf(layout: OtherLayout): ImageFileDirectory {
  const { width, height, tiled, blockWidth, blockHeight, samples } = layout;
  const values: readonly [tag: number, value: unknown][] = [
    [TiffTag.imageWidth, width],
    [TiffTag.imageLength, height],
    [TiffTag.bitsPerSample, Array(samples).fill(layout.bits)],
    [TiffTag.sampleFormat, Array(samples).fill(layout.format)],
    [TiffTag.compression, layout.compression],
    [TiffTag.samplesPerPixel, samples],
    [TiffTag.planarConfiguration, layout.parts > 1 ? 2 : 1],
    [TiffTag.predictor, layout.predictor],
    [tiled ? TiffTag.tileOffsets : TiffTag.stripOffsets, layout.offsets],
    [tiled ? TiffTag.tileByteCounts : TiffTag.stripByteCounts, layout.byteCounts],
    [TiffTag.tileWidth, blockWidth],
    [tiled ? TiffTag.tileLength : TiffTag.rowsPerStrip, blockHeight],
    [TiffTag.jpegTables, layout.jpegTables],
  ];
  return new ImageFileDirectory(new Map(values) as never, new Map(), new Map(), 0);
}

function coloured(planes: readonly Numbers[], photometric: number, colour: Colour): readonly Numbers[] {
  const [first, second, third] = planes;
  if (planes.length !== 3 || first === undefined || second === undefined || third === undefined)
    return planes;
  if (photometric === RGB) return [planeOf(first, second, third, colour)];
  if (photometric !== YCBCR) return planes;
  // The luminance is there already.
  return [colour === "luminance" ? first : colourOf(first, second, third, colour)];
}

/** A colour of JPEG's luminance and two differences. */
function colourOf(y: Numbers, cb: Numbers, cr: Numbers, colour: Exclude<Colour, "luminance">): Numbers {
  const [fromCb, fromCr] = { red: [0, 1.402], green: [-0.344136, -0.714136], blue: [1.772, 0] }[colour];
  const plane = new Uint8ClampedArray(y.length);
  for (let i = 0; i < y.length; i++) plane[i] = y[i]! + fromCb! * (cb[i]! - 128) + fromCr! * (cr[i]! - 128);
  return new Uint8Array(plane.buffer);
}

/**
 * Reads and checks the layout of a page.
 * @param maxBytes most bytes of its pixels, all channels together.
 * @param tellsSamples whether the file names the axis of the planes of a page.
 * @throws Error when nothing can read it, or it claims more than the file can hold.
 */
export function readOtherLayout(
  directory: TiffDirectory,
  file: FileBytes,
  maxBytes: number,
  tellsSamples: boolean,
): OtherLayout {
  const { width, height } = readPageSize(directory);
  const samples = directory.number(TiffTag.samplesPerPixel) ?? 1;
  const isPlanar = samples > 1 && directory.number(TiffTag.planarConfiguration) === 2;
  const said = directory.number(TiffTag.photometric) ?? 1;
  const compression = directory.number(TiffTag.compression) ?? 1;
  const { bits, format } = readNumberKind(directory, samples);
  // tifffile, and what saves by it, calls any three or four planes colours; cameras of colours give bytes, pixel by pixel.
  const isStack = said === RGB && isPlanar && (bits > 8 || tellsSamples);
  const photometric = isStack ? 1 : said;
  const predictor = predictorOf(directory);
  if (predictor !== 1 && bits % 8 !== 0) {
    throw new Error(`its packed pixels are differenced (predictor ${predictor}), which cannot be read`);
  }
  if (![0, 1, 3, RGB, YCBCR].includes(photometric)) {
    throw new Error(
      `its colours (photometric interpretation ${photometric}) cannot be read: save it as grey`,
    );
  }
  if (tiffCodec(compression) === undefined && compression !== JPEG && compression !== ZSTANDARD) {
    const name = compressionName(compression);
    throw new Error(
      `its compression (${name}) cannot be read; save it with Deflate, LZW, Zstandard, or none`,
    );
  }
  if (photometric === YCBCR && compression !== JPEG) throw new Error("its colours (YCbCr) cannot be read");
  if (compression === JPEG && bits !== 8) {
    throw new Error(`it is a JPEG of ${bits} bits, which cannot be read; save it with Deflate, LZW, or none`);
  }
  // Beside colours whatever is extra counts for nothing; otherwise what is no transparency is a channel.
  const extra = isStack ? [] : (directory.numbers(TiffTag.extraSamples) ?? []);
  const isExtra = photometric === RGB && samples - extra.length === 3;
  const alpha = isExtra ? extra.length : extra.filter((kind) => kind !== 0).length;
  if (samples <= alpha) throw new Error("all of its channels are transparency");
  const [parts, pixelBytes] = isPlanar ? [samples, bits / 8] : [1, (samples * bits) / 8];
  const contents = { width, height, pixelBytes, parts, compression };
  return {
    ...readBlocks(directory, contents, file.size, maxBytes),
    ...{ samples, shown: samples - alpha, photometric, predictor, bits, format },
    littleEndian: directory.header.littleEndian,
    jpegTables: directory.bytes(TiffTag.jpegTables)[0],
  };
}

/** Bits and format of the numbers; where only those of the first channel are told, all have them. */
function readNumberKind(
  directory: TiffDirectory,
  samples: number,
): { readonly bits: number; readonly format: number } {
  if (samples < 1 || samples > MOST_SAMPLES)
    throw new Error(`it has ${samples} channels, over ${MOST_SAMPLES}`);
  const bits = directory.numbers(TiffTag.bitsPerSample, samples) ?? [1];
  const formats = directory.numbers(TiffTag.sampleFormat, samples) ?? [1];
  const [first = 1] = bits;
  const [format = 1] = formats;
  const isMixed = bits.some((other) => other !== first) || formats.some((other) => other !== format);
  const known = { 1: [8, 10, 12, 14, 16, 32], 3: [16, 32, 64] }[format] ?? [8, 16, 32];
  if (isMixed || !known.includes(first) || ![1, 2, 3, 4].includes(format)) {
    const kind = { 1: "unsigned", 2: "signed", 3: "floating-point", 4: "undefined" }[format] ?? "complex";
    throw new Error(
      `its pixels are ${bits.join(", ")}-bit ${kind} numbers, which cannot be read; save it with 8 or 16 bits`,
    );
  }
  // 4 is "undefined": such data are read as what they most often are.
  return { bits: first, format: format === 4 ? 1 : format };
}

/** What geotiff reads the blocks from, by where they lie. */
function sourceOf(file: FileBytes, blocks: TiffBlocks) {
  const indexes = new Map(blocks.offsets.map((offset, index) => [offset, index]));
  const read = ({ offset }: { readonly offset: number }) =>
    new Uint8Array(readBlock(file, blocks, indexes.get(offset)!)).buffer;
  return { fetch: async (slices: readonly { offset: number }[]) => slices.map(read) };
}

type DecoderParameters = ConstructorParameters<typeof Decoder>[0];

/** A decoder that gives no more than a block has. */
function boundedDecoder(layout: OtherLayout, parameters: DecoderParameters): BaseDecoder {
  const { predictor } = parameters;
  // geotiff undoes predictors as if the numbers were little-endian.
  const swaps = !layout.littleEndian && predictor !== 1 ? layout.bits / 8 : 1;
  class Bounded extends Decoder {
    override async decode(buffer: ArrayBuffer): Promise<ArrayBuffer> {
      return swapped((await super.decode(buffer)) as ArrayBuffer, swaps);
    }

    override async decodeBlock(buffer: ArrayBuffer): Promise<ArrayBuffer> {
      const block = await decodeBlock(buffer, layout, parameters);
      return predictor === 2 ? swapped(block, swaps) : block;
    }
  }
  return new Bounded(parameters);
}

async function decodeBlock(
  buffer: ArrayBuffer,
  layout: OtherLayout,
  parameters: DecoderParameters,
): Promise<ArrayBuffer> {
  const { compression, blockWidth, blockHeight } = layout;
  const blockBytes = blockRowBytes(layout) * blockHeight;
  const bytes = new Uint8Array(buffer);
  const ours = tiffCodec(compression);
  if (ours !== undefined) return new Uint8Array(ours.decode(bytes, blockBytes)).buffer;
  if (compression === ZSTANDARD) {
    return (await decodeZstandard(bytes, blockBytes)).buffer as ArrayBuffer;
  }
  assertJpegSize(bytes, blockWidth, blockHeight);
  const decoder = await getDecoder(JPEG, parameters);
  return (await decoder.decodeBlock(buffer)) as ArrayBuffer;
}

/** The same numbers in the other byte order. */
function swapped(buffer: ArrayBuffer, bytesEach: number): ArrayBuffer {
  const bytes = Buffer.from(buffer, 0, buffer.byteLength - (buffer.byteLength % bytesEach));
  if (bytesEach === 2) bytes.swap16();
  if (bytesEach === 4) bytes.swap32();
  if (bytesEach === 8) bytes.swap64();
  return buffer;
}
