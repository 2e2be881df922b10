import { crc32 } from "node:zlib";
import type { Pixels } from "../protocol/codec.js";
import type { FrameMessage } from "../protocol/messages.js";

/** Most bytes of a frame that are looked at, in parts, evenly spread: other images have other noise everywhere, and this thread answers. */
const LOOKED_AT_BYTES = 2 ** 16;
const PART_BYTES = 2048;

/** Equal for a frame that is sent once more, and not for another image under its id. */
export function frameKey({ session, id, timestampMs, zUm }: FrameMessage, pixels: Pixels): string {
  return JSON.stringify([session, id, timestampMs, zUm, checksumOf(pixels)]);
}

function checksumOf({ buffer, byteOffset, byteLength }: Pixels): number {
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  const step = PART_BYTES * Math.ceil(byteLength / LOOKED_AT_BYTES);
  let checksum = 0;
  for (let at = 0; at < byteLength; at += step) {
    checksum = crc32(bytes.subarray(at, at + PART_BYTES), checksum);
  }
  return checksum;
}
