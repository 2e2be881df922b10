/** One entry of a directory whose value fits into it, or lies where the value says. */
export type Entry = readonly [tag: number, type: 1 | 2 | 3 | 4 | 5, count: number, value: number];

/** A little-endian TIFF: data at byte 8, then one directory a page. */
export function tiff(data: Uint8Array, pages: readonly (readonly Entry[])[]): Uint8Array {
  const size = (entries: readonly Entry[]) => 6 + 12 * entries.length;
  const bytes = Buffer.alloc(8 + data.length + pages.reduce((sum, entries) => sum + size(entries), 0));
  bytes.write("II*\0", "latin1");
  bytes.writeUInt32LE(8 + data.length, 4);
  bytes.set(data, 8);
  let at = 8 + data.length;
  for (const [index, entries] of pages.entries()) {
    bytes.writeUInt16LE(entries.length, at);
    for (const [i, [tag, type, count, value]] of entries.entries()) {
      const entry = at + 2 + 12 * i;
      bytes.writeUInt16LE(tag, entry);
      bytes.writeUInt16LE(type, entry + 2);
      bytes.writeUInt32LE(count, entry + 4);
      bytes.writeUInt32LE(value, entry + 8);
    }
    at += size(entries);
    if (index < pages.length - 1) bytes.writeUInt32LE(at, at - 4);
  }
  return bytes;
}

/** Where the pixels of `bigTiff` begin. */
export const BIG_TIFF_BYTES = 4096;

/** The beginning of a BigTIFF whose one page lies in one uncompressed strip behind it: floating-point numbers, or 16-bit counts. */
export function bigTiff(page: { side: number; bits: 16 | 64; channels: number; pixels: number }): Uint8Array {
  const { side, bits, channels, pixels } = page;
  const entries: readonly [tag: number, value: number][] = [
    [256, side],
    [257, side],
    [258, bits],
    [259, 1],
    [262, 1],
    [273, BIG_TIFF_BYTES],
    [277, channels],
    [278, side],
    [279, pixels],
    [339, bits === 64 ? 3 : 1],
  ];
  const bytes = Buffer.alloc(BIG_TIFF_BYTES);
  bytes.write("II+\0\b\0\0\0", "latin1");
  bytes.writeBigUInt64LE(16n, 8);
  bytes.writeBigUInt64LE(BigInt(entries.length), 16);
  for (const [i, [tag, value]] of entries.entries()) {
    const at = 24 + 20 * i;
    bytes.writeUInt16LE(tag, at);
    bytes.writeUInt16LE(16, at + 2);
    bytes.writeBigUInt64LE(1n, at + 4);
    bytes.writeBigUInt64LE(BigInt(value), at + 12);
  }
  return bytes;
}
