/**
 * How the chunks of a Zarr are compressed. Decoders give at most what a chunk has, so a small file cannot claim a huge memory.
 * @module
 */
import { gunzipSync, inflateSync } from "node:zlib";
import { registry } from "zarrita";
import { assertPlausible } from "./expansion.js";
import { decodeZstandard } from "./zstandard.js";

/** Bytes of a number, by how Zarr names its type. */
export const NUMBER_BYTES: Readonly<Record<string, number>> = {
  ...{ uint8: 1, int8: 1, uint16: 2, int16: 2, uint32: 4, int32: 4, float32: 4, float64: 8 },
};

/** What codecs before this one may have added: checksums, and headers of what was compressed twice. */
const SLACK_BYTES = 64 * 1024;
const BLOSC_HEADER = 16;

type Decode = (bytes: Uint8Array, mostBytes: number) => Uint8Array | Promise<Uint8Array>;

const DECODERS: Readonly<Record<string, Decode>> = {
  gzip: (bytes, maxOutputLength) => gunzipSync(bytes, { maxOutputLength }),
  zlib: (bytes, maxOutputLength) => inflateSync(bytes, { maxOutputLength }),
  zstd: decodeZstandard,
  blosc: decodeBlosc,
  lz4: decodeLz4,
};

let isReady = false;

/** Puts the decoders above in the place of zarrita's own. */
export function registerDecoders(): void {
  if (isReady) return;
  isReady = true;
  for (const [name, decode] of Object.entries(DECODERS)) {
    const codec = async () => ({
      fromConfig: (_: unknown, { shape, dataType }: { shape: readonly number[]; dataType: string }) => {
        const chunkBytes = shape.reduce((product, side) => product * side, NUMBER_BYTES[dataType] ?? 8);
        return {
          kind: "bytes_to_bytes",
          encode: () => {
            throw new Error("nothing is written");
          },
          decode: async (bytes: Uint8Array) => {
            assertPlausible(chunkBytes, bytes.length);
            return decode(bytes, chunkBytes + SLACK_BYTES);
          },
        };
      },
    });
    for (const key of [name, `numcodecs.${name}`]) registry.set(key, codec as never);
  }
}

/** Its header says what it decodes to: bytes 4 to 7. */
async function decodeBlosc(bytes: Uint8Array, mostBytes: number): Promise<Uint8Array> {
  if (bytes.length < BLOSC_HEADER) throw new Error("the Blosc data are cut short");
  const header = Buffer.from(bytes.buffer, bytes.byteOffset, BLOSC_HEADER);
  assertSize(header.readUInt32LE(4), mostBytes);
  if (header.readUInt32LE(12) > bytes.length) throw new Error("the Blosc data are cut short");
  const { default: Blosc } = await import("numcodecs/blosc");
  return Blosc.fromConfig({ id: "blosc" }).decode(bytes);
}

/** numcodecs puts the size before the data. */
async function decodeLz4(bytes: Uint8Array, mostBytes: number): Promise<Uint8Array> {
  if (bytes.length < 4) throw new Error("the LZ4 data are cut short");
  assertSize(Buffer.from(bytes.buffer, bytes.byteOffset, 4).readUInt32LE(0), mostBytes);
  const { default: Lz4 } = await import("numcodecs/lz4");
  return Lz4.fromConfig({ id: "lz4" }).decode(bytes);
}

function assertSize(claimed: number, mostBytes: number): void {
  if (claimed > mostBytes) throw new Error(`it claims ${claimed} bytes, more than a chunk has`);
}
