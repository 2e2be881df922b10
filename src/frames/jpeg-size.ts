/** First bytes of the segments that say how large a JPEG is: SOF0 to SOF15, but for tables (DHT, JPG, DAC). */
const isFrameHeader = (marker: number) =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;

/**
 * Checks what a JPEG says of its size before anything is allocated for it.
 * @throws Error when it is larger than the strip or tile that it should be.
 */
export function assertJpegSize(bytes: Uint8Array, width: number, height: number): void {
  for (let at = 2; at + 9 <= bytes.length; ) {
    if (bytes[at] !== 0xff) throw new Error("the JPEG data are damaged");
    const marker = bytes[at + 1]!;
    if (marker === 0xff) {
      at++;
      continue;
    }
    if (isFrameHeader(marker)) {
      const [rows, columns] = [bytes[at + 5]! * 256 + bytes[at + 6]!, bytes[at + 7]! * 256 + bytes[at + 8]!];
      // Blocks of 8 or 16 pixels fill up the edges.
      if (columns <= width + 16 && rows <= height + 16) return;
      throw new Error(`the JPEG data claim ${columns} x ${rows} px in a block of ${width} x ${height} px`);
    }
    at += 2 + bytes[at + 2]! * 256 + bytes[at + 3]!;
  }
  throw new Error("the JPEG data have no header");
}
