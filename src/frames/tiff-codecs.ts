/**
 * How the strips and tiles of a TIFF are compressed. Decoders return at most `maxBytes` bytes, so a small
 * file cannot claim a huge memory.
 * @module
 */
import { reasonOf } from "../errors.js";
import { inflated } from "./inflate.js";
import { decodeLzw } from "./tiff-lzw.js";

/** One compression of TIFF tag 259. */
export interface TiffCodec {
  readonly name: string;
  /** The most bytes that one compressed byte can stand for; above it, the header lies. */
  readonly largestRatio: number;
  /** Whether the tag for the predictor counts with it. */
  readonly predicts?: boolean;
  readonly decode: (input: Uint8Array, maxBytes: number) => Uint8Array;
}

export const NOT_COMPRESSED = 1;
export const JPEG = 7;
export const ZSTANDARD = 50_000;

const deflate: TiffCodec = { name: "Deflate", largestRatio: 1032, predicts: true, decode: decodeDeflate };

const CODECS = new Map<number, TiffCodec>([
  [NOT_COMPRESSED, { name: "none", largestRatio: 1, decode: (input) => input }],
  [5, { name: "LZW", largestRatio: 4096, predicts: true, decode: decodeLzw }],
  [8, deflate],
  [32946, deflate],
  [32773, { name: "PackBits", largestRatio: 64, decode: decodePackBits }],
]);

const OTHERS = new Map<number, string>([
  [6, "old-style JPEG"],
  [JPEG, "JPEG"],
  [22610, "JPEG XR"],
  [33003, "JPEG 2000"],
  [33005, "JPEG 2000"],
  [34712, "JPEG 2000"],
  [34887, "LERC"],
  [34925, "LZMA"],
  [34933, "PNG"],
  [34934, "JPEG XR"],
  [ZSTANDARD, "Zstandard"],
  [50001, "WebP"],
  [50002, "JPEG XL"],
]);

/** The codec of a value of TIFF tag 259, if it is one of ours. */
export function tiffCodec(compression: number): TiffCodec | undefined {
  return CODECS.get(compression);
}

/** What to call a compression, ours or not, in messages. */
export function compressionName(compression: number): string {
  return `${CODECS.get(compression)?.name ?? OTHERS.get(compression) ?? "unknown"}, ${compression}`;
}

function decodeDeflate(input: Uint8Array, maxBytes: number): Uint8Array {
  try {
    return inflated(input, maxBytes);
  } catch (cause) {
    const reason = cause instanceof Error && "code" in cause ? String(cause.code) : reasonOf(cause);
    throw new Error(`the Deflate data are cut short or damaged (${reason})`, { cause });
  }
}

function decodePackBits(input: Uint8Array, maxBytes: number): Uint8Array {
  const output = new Uint8Array(maxBytes);
  let written = 0;
  for (let at = 0; at < input.length && written < maxBytes; ) {
    const header = ((input[at++] as number) << 24) >> 24;
    if (header === -128) continue;
    if (header < 0) {
      const repeated = input[at++];
      if (repeated === undefined) break;
      const end = Math.min(written + 1 - header, maxBytes);
      output.fill(repeated, written, end);
      written = end;
    } else {
      const literal = input.subarray(at, at + Math.min(header + 1, maxBytes - written));
      output.set(literal, written);
      written += literal.length;
      at += header + 1;
    }
  }
  return output.subarray(0, written);
}
