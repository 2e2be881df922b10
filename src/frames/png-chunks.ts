/**
 * How a PNG is put together (PNG specification, third edition, sections 5 and 11).
 * @module
 */
import { crc32, deflateSync } from "node:zlib";

export const SIGNATURE: readonly number[] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** @param head body of IHDR. @param data rows, each behind its filter, compressed. */
export function pngOf(head: Uint8Array, data: Uint8Array): Buffer {
  const chunks = [chunk("IHDR", head), chunk("IDAT", data), chunk("IEND", new Uint8Array())];
  return Buffer.concat([Uint8Array.from(SIGNATURE), ...chunks]);
}

/**
 * An 8-bit greyscale PNG, compressed by Node's own zlib: pictures come at the camera's rate, and others need the processor.
 * @param grey 0 to 255, row by row. @param level of compression, 0 to 9.
 */
export function greyPng(
  { width, height, grey }: { readonly width: number; readonly height: number; readonly grey: Uint8Array },
  level: number,
): Buffer {
  const head = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0]);
  head.writeUInt32BE(width, 0);
  head.writeUInt32BE(height, 4);
  // Each row behind a 0: it is not filtered.
  const rows = new Uint8Array(height * (width + 1));
  for (let y = 0; y < height; y++) rows.set(grey.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  return pngOf(head, deflateSync(rows, { level }));
}

function chunk(name: string, body: Uint8Array): Buffer {
  const bytes = Buffer.alloc(body.length + 12);
  bytes.writeUInt32BE(body.length, 0);
  bytes.write(name, 4, "latin1");
  bytes.set(body, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, body.length + 8)), body.length + 8);
  return bytes;
}
