import { crc32, deflateSync } from "node:zlib";
import { decode } from "fast-png";
import { FrameReadError, reasonOf } from "../errors.js";
import { significantBits } from "./bit-depth.js";
import { type Colour, countsOf, planeOf } from "./counts.js";
import { assertAffordable, assertPlausible } from "./expansion.js";
import type { FileBytes } from "./file-bytes.js";
import { type Frame, MAX_SIDE_PX } from "./frame.js";
import { inflated } from "./inflate.js";
import { pngOf, SIGNATURE } from "./png-chunks.js";

/** Channels of each PNG colour type: grey, RGB, palette, both with transparency. */
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const PALETTE = 3;

/** No Deflate stream expands further. */
const LARGEST_DEFLATE_RATIO = 1032;

/** What a PNG may hold beside its pixels, bytes. */
const MOST_BESIDE = 64 * 2 ** 20;
/** Bytes of the signature and the header's chunk. */
const HEAD_BYTES = SIGNATURE.length + 25;

export interface DecodedPng {
  readonly frame: Frame;
  /** How many it has; all but the first of an animated PNG are not read. */
  readonly images: number;
}

/** True when the bytes begin like a PNG, whatever the file is called. */
export function hasPngSignature(bytes: Uint8Array): boolean {
  return SIGNATURE.every((byte, i) => bytes[i] === byte);
}

/**
 * Decodes a PNG of 8 or 16 bits, grey or in colours; transparency counts for nothing.
 *
 * @param path names the file in errors; nothing is opened.
 * @param colour what is taken of a colour image.
 * @param maxBytes most bytes of its pixels, all channels together.
 * @throws FrameReadError when the PNG is cut short, damaged, too large, or has other pixels.
 */
export function decodePng(
  file: FileBytes,
  path: string,
  colour: Colour = "luminance",
  maxBytes: number = Number.POSITIVE_INFINITY,
): DecodedPng {
  try {
    assertAffordableFile(file, maxBytes);
    return decodeWhole(file.read(0, file.size), colour);
  } catch (cause) {
    throw new FrameReadError(path, reasonOf(cause), { cause });
  }
}

/** A PNG is read whole: what it claims is looked at before. @throws Error where that is too much, or far less than the file has. */
function assertAffordableFile(file: FileBytes, maxBytes: number): void {
  if (file.size < HEAD_BYTES) return;
  const header = headerOf(file.read(0, HEAD_BYTES));
  assertReadable(header);
  const pixels = rowBytes(header);
  // It is unpacked twice, and read whole.
  assertAffordable(pixels, maxBytes / 3, "one PNG");
  if (file.size <= 2 * pixels + MOST_BESIDE) return;
  const mib = [file.size, pixels].map((bytes) => Math.round(bytes / 2 ** 20));
  throw new Error(`the file has ${mib[0]} MiB, far more than the ${mib[1]} MiB of its pixels: it is damaged`);
}

function decodeWhole(bytes: Uint8Array, colour: Colour): DecodedPng {
  const header = readChunks(bytes);
  assertReadable(header);
  const { width, height, bits } = header;
  const wantedBytes = rowBytes(header);
  const channels = CHANNELS[header.colourType]!;
  if (header.dataBytes * LARGEST_DEFLATE_RATIO < height * width * channels * (bits / 8)) {
    throw new Error(
      `the PNG claims ${width} x ${height} px, which its ${header.dataBytes} bytes of data cannot hold`,
    );
  }
  assertPlausible(wantedBytes, bytes.length);
  let data: ReturnType<typeof decode>["data"];
  try {
    ({ data } = decode(withoutCompression(header, wantedBytes)));
  } catch (cause) {
    throw new Error(`the PNG is damaged (${reasonOf(cause)})`, { cause });
  }
  const samples = data instanceof Uint16Array ? data : new Uint8Array(data);
  if (samples.length !== width * height * channels || samples.BYTES_PER_ELEMENT * 8 !== bits) {
    throw new Error(
      `the PNG is damaged (${samples.length} values where ${width * height * channels} are needed)`,
    );
  }
  const pixels = onePlane(samples, channels, colour);
  const bitDepth = significantBits(pixels, header.significantBits);
  const frame = { width, height, pixels, ...(bitDepth === undefined ? {} : { bitDepth }) };
  return { frame, images: header.images };
}

/** The grey values, or one plane of the colours. */
function onePlane(samples: Frame["pixels"], channels: number, colour: Colour): Frame["pixels"] {
  if (channels === 1) return samples;
  const plane = (channel: number) => {
    const values = samples.slice(0, samples.length / channels);
    for (let i = 0; i < values.length; i++) values[i] = samples[i * channels + channel]!;
    return values;
  };
  return channels === 2 ? plane(0) : countsOf(planeOf(plane(0), plane(1), plane(2), colour));
}

/** Bytes that the pixels unpack to, at most: each row begins with its filter. Interlaced images have up to twice the rows. */
function rowBytes({ width, height, bits, interlaced, colourType }: PngHead): number {
  const row = (width * CHANNELS[colourType]! * bits) / 8;
  return interlaced ? 2 * height * (2 + row) : height * (1 + row);
}

/**
 * The same PNG with its pixels unpacked, by a decoder that stops where they should end, and without the chunks that are not
 * needed and that might unpack to anything.
 */
function withoutCompression({ head, data }: PngHeader, wantedBytes: number): Uint8Array {
  const unpacked = inflated(Buffer.concat(data), wantedBytes);
  return pngOf(head, deflateSync(unpacked, { level: 0 }));
}

interface PngHead {
  readonly width: number;
  readonly height: number;
  readonly bits: number;
  readonly colourType: number;
  readonly interlaced: boolean;
  /** Body of the IHDR chunk. */
  readonly head: Uint8Array;
}

interface PngHeader extends PngHead {
  /** From the sBIT chunk. */
  readonly significantBits: number | undefined;
  /** From the acTL chunk of an animated PNG. */
  readonly images: number;
  /** The compressed pixels, in pieces, and their length together. */
  readonly data: readonly Uint8Array[];
  readonly dataBytes: number;
}

/** What the first chunk says. @throws Error where it is none. */
function headerOf(bytes: Uint8Array): PngHead {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const body = SIGNATURE.length + 8;
  const name = String.fromCharCode(...bytes.subarray(body - 4, body));
  if (name !== "IHDR" || view.getUint32(body - 8) !== 13) {
    throw new Error("the PNG is damaged (it has no header)");
  }
  return {
    width: view.getUint32(body),
    height: view.getUint32(body + 4),
    bits: view.getUint8(body + 8),
    colourType: view.getUint8(body + 9),
    interlaced: view.getUint8(body + 12) !== 0,
    head: bytes.subarray(body, body + 13),
  };
}

/** Walks the chunks without decoding them: finds a file cut short, and what the header claims. */
function readChunks(bytes: Uint8Array): PngHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let header: PngHead | undefined;
  let significant: number | undefined;
  const data: Uint8Array[] = [];
  let [dataBytes, images] = [0, 1];
  for (let at = SIGNATURE.length; ; ) {
    const body = at + 8;
    const length = body <= bytes.length ? view.getUint32(at) : 0;
    if (body + length + 4 > bytes.length) {
      throw new Error(
        `the PNG ends after ${bytes.length} bytes, before its end mark: it is cut short or still being written`,
      );
    }
    const name = String.fromCharCode(...bytes.subarray(at + 4, body));
    header ??= headerOf(bytes);
    const isIntact = crc32(bytes.subarray(at + 4, body + length)) === view.getUint32(body + length);
    // What is not needed to show the image has a name in small letters.
    if (!isIntact && !/^[a-z]/.test(name)) {
      throw new Error(`the PNG is damaged (CRC mismatch in its ${name} chunk)`);
    }
    if (name === "sBIT" && isIntact && length > 0) significant = view.getUint8(body);
    if (name === "acTL" && isIntact && length > 3) images = view.getUint32(body);
    if (name === "IDAT") {
      data.push(bytes.subarray(body, body + length));
      dataBytes += length;
    }
    if (name === "IEND") return { ...header, significantBits: significant, images, data, dataBytes };
    at = body + length + 4;
  }
}

function assertReadable({ width, height, bits, colourType }: PngHead): void {
  if (width < 1 || height < 1)
    throw new Error(`the PNG's size, ${width} x ${height} px, is not that of an image`);
  if (width > MAX_SIDE_PX || height > MAX_SIDE_PX) {
    throw new Error(`the PNG claims ${width} x ${height} px, over the limit of ${MAX_SIDE_PX} px a side`);
  }
  if (CHANNELS[colourType] === undefined) {
    throw new Error(`the PNG is damaged (colour type ${colourType} does not exist)`);
  }
  if (colourType === PALETTE) throw new Error("the PNG has a colour palette: convert it to greyscale");
  if (bits !== 8 && bits !== 16) {
    throw new Error(`the PNG has ${bits}-bit pixels, not 8 or 16: save the raw camera frame`);
  }
}
