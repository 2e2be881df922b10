/**
 * Pages of TIFFs that our own reader does not know: floating-point, signed, 32-bit and packed numbers (10, 12, 14 bits), several
 * channels, Zstandard and JPEG. geotiff reads them, by our decoders where they have limits. Errors are plain sentences; the caller adds file and page.
 * @module
 */
import { type BaseDecoder, BaseDecoder as Decoder, GeoTIFF, GeoTIFFImage, getDecoder } from "geotiff";
import { type Colour, countsOf, type Numbers, planeOf } from "./counts.js";
import { assertPlausible } from "./expansion.js";
import type { FileBytes } from "./file-bytes.js";
import type { Frame } from "./frame.js";
import { assertJpegSize } from "./jpeg-size.js";
import { blocksOf } from "./tiff-blocks.js";
import { compressionName, tiffCodec } from "./tiff-codecs.js";
import { type TiffDirectory, TiffTag } from "./tiff-directory.js";
import { assertAffordable, readPageSize } from "./tiff-pixels.js";
import { decodeZstandard } from "./zstandard.js";

const JPEG = 7;
const ZSTANDARD = 50_000;
const MOST_SAMPLES = 64;
/** What a header and a directory take at most, bytes. */
const LARGEST_SLICE = 2 ** 20;

const RGB = 2;
const YCBCR = 6;

interface OtherLayout {
  readonly width: number;
  readonly height: number;
  readonly samples: number;
  readonly compression: number;
  readonly photometric: number;
  readonly blockWidth: number;
  readonly blockHeight: number;
  /** What a strip or tile decodes to, and what the file has of all of them. */
  readonly blockBytes: number;
  readonly stored: number;
  readonly sampleBytes: number;
  readonly littleEndian: boolean;
}

/**
 * The planes of a page: one of a colour image, one a channel otherwise.
 * @param maxBytes most bytes of its pixels, all channels together.
 * @throws Error when nothing can read it, or it claims more than the file can hold.
 */
export async function readOtherPlanes(
  file: FileBytes,
  directory: TiffDirectory,
  colour: Colour,
  maxBytes: number,
): Promise<Frame["pixels"][]> {
  const layout = readLayout(directory, file, maxBytes);
  const source = sourceOf(file, Math.max(LARGEST_SLICE, layout.stored));
  const tiff = await GeoTIFF.fromSource(source as unknown as Parameters<typeof GeoTIFF.fromSource>[0]);
  const page = await tiff.parser.parseFileDirectoryAt(directory.offset);
  const image = new GeoTIFFImage(page, directory.header.littleEndian, false, tiff.source);
  const alpha = (directory.numbers(TiffTag.extraSamples) ?? []).filter((kind) => kind !== 0).length;
  const shown = layout.samples - alpha;
  if (shown < 1) throw new Error("all of its channels are transparency");
  const samples = Array.from({ length: shown }, (_, i) => i);
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
  if (!layout.littleEndian && !Number.isInteger(layout.sampleBytes)) {
    // geotiff unpacks to numbers of this machine, and takes them for those of the file.
    for (const { buffer } of planes) swapped(buffer as ArrayBuffer, 2);
  }
  return coloured(planes, layout.photometric, colour).map(countsOf);
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

function readLayout(directory: TiffDirectory, file: FileBytes, maxBytes: number): OtherLayout {
  const { width, height } = readPageSize(directory);
  const samples = directory.number(TiffTag.samplesPerPixel) ?? 1;
  const photometric = directory.number(TiffTag.photometric) ?? 1;
  const compression = directory.number(TiffTag.compression) ?? 1;
  const sampleBytes = readSampleBytes(directory, samples);
  const predictor = directory.number(TiffTag.predictor) ?? 1;
  if (predictor !== 1 && !Number.isInteger(sampleBytes)) {
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
  const { tiled, blockWidth, blockHeight } = blocksOf(directory, width, height);
  const isPlanar = directory.number(TiffTag.planarConfiguration) === 2;
  const blocks = Math.ceil(width / blockWidth) * Math.ceil(height / blockHeight) * (isPlanar ? samples : 1);
  const stored = readStoredBytes(directory, file, tiled, blocks);
  const imageBytes = Math.ceil(width * samples * sampleBytes) * height;
  // Each row of packed numbers begins with a byte of its own.
  const blockBytes = Math.ceil(blockWidth * sampleBytes * (isPlanar ? 1 : samples)) * blockHeight;
  assertAffordable(imageBytes, maxBytes);
  assertAffordable(blockBytes, maxBytes);
  assertPlausible(imageBytes, stored);
  assertPlausible(blockBytes, stored);
  return {
    ...{ width, height, samples, compression, photometric, blockWidth, blockHeight },
    ...{ blockBytes, stored, sampleBytes, littleEndian: directory.header.littleEndian },
  };
}

/** Bytes of a number; packed ones have a fraction. */
function readSampleBytes(directory: TiffDirectory, samples: number): number {
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
    throw new Error(`its pixels are ${bits.join(", ")}-bit ${kind} numbers, which cannot be read`);
  }
  return first / 8;
}

/** Bytes that the file has of the pixels. */
function readStoredBytes(directory: TiffDirectory, file: FileBytes, tiled: boolean, blocks: number): number {
  const [offsetsTag, countsTag] = tiled
    ? [TiffTag.tileOffsets, TiffTag.tileByteCounts]
    : [TiffTag.stripOffsets, TiffTag.stripByteCounts];
  const offsets = directory.numbers(offsetsTag, blocks) ?? [];
  const counts = directory.numbers(countsTag, blocks) ?? [];
  if (offsets.length < blocks || counts.length < blocks) {
    throw new Error(
      `it lists ${offsets.length} blocks of pixels where its size needs ${blocks}: it is damaged`,
    );
  }
  let stored = 0;
  for (const [index, offset] of offsets.entries()) {
    const end = offset + counts[index]!;
    if (end > file.size) {
      throw new Error(
        `its pixels end at byte ${end}, but the file has ${file.size} bytes: it is cut short or still being written`,
      );
    }
    stored += counts[index]!;
  }
  return Math.min(stored, file.size);
}

/** What geotiff reads from: slices that the file has, none over `most` bytes. */
function sourceOf(file: FileBytes, most: number) {
  const slice = (offset: number, length: number): ArrayBuffer => {
    const end = Math.min(offset + length, file.size);
    if (end - offset > most) throw new Error("a part of the file is too large");
    return Uint8Array.from(offset < end ? file.read(offset, end - offset) : []).buffer;
  };
  return {
    fileSize: file.size,
    fetch: async (slices: readonly { offset: number; length: number }[]) =>
      slices.map(({ offset, length }) => slice(offset, length)),
    fetchSlice: async ({ offset, length }: { offset: number; length: number }) => slice(offset, length),
    close: async () => undefined,
  };
}

type DecoderParameters = ConstructorParameters<typeof Decoder>[0];

/** A decoder that gives no more than a block has. */
function boundedDecoder(layout: OtherLayout, parameters: DecoderParameters): BaseDecoder {
  const { predictor } = parameters;
  // geotiff undoes predictors as if the numbers were little-endian.
  const swaps = !layout.littleEndian && predictor !== 1 ? layout.sampleBytes : 1;
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
  { compression, blockWidth, blockHeight, blockBytes }: OtherLayout,
  parameters: DecoderParameters,
): Promise<ArrayBuffer> {
  const bytes = new Uint8Array(buffer);
  const ours = tiffCodec(compression);
  if (ours !== undefined) return Uint8Array.from(ours.decode(bytes, blockBytes)).buffer;
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
