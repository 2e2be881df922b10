/**
 * Decodes one strip or tile of TIFF's LZW (TIFF 6.0, section 13: codes most significant bit first, 9 to 12
 * bits, width raised one code early). Returns at most `maxBytes` bytes, fewer where the strip ends early.
 *
 * No table of strings is kept: each code's string is somewhere in the output already, so a code is only
 * where its string begins and how long it is.
 * @throws Error on a code that cannot occur there.
 */
export function decodeLzw(input: Uint8Array, maxBytes: number): Uint8Array<ArrayBuffer> {
  const CLEAR = 256;
  const END = 257;
  const TABLE = 4096;
  const output = new Uint8Array(maxBytes);
  const starts = new Uint32Array(TABLE);
  const lengths = new Uint32Array(TABLE);
  let codeBits = 9;
  let next = END + 1;
  let bits = 0;
  let bitCount = 0;
  let at = 0;
  let written = 0;

  while (written < maxBytes) {
    while (bitCount < codeBits && at < input.length) {
      bits = ((bits << 8) | (input[at++] as number)) & 0xffffff;
      bitCount += 8;
    }
    if (bitCount < codeBits) break;
    bitCount -= codeBits;
    const code = (bits >>> bitCount) & ((1 << codeBits) - 1);
    if (code === END) break;
    if (code === CLEAR) {
      codeBits = 9;
      next = END + 1;
      continue;
    }
    const start = written;
    if (code < CLEAR) {
      output[written++] = code;
    } else if (code < next) {
      const from = starts[code] as number;
      const length = Math.min(lengths[code] as number, maxBytes - written);
      // Byte by byte: the newest string overlaps what is being written.
      for (let i = 0; i < length; i++) output[written++] = output[from + i] as number;
    } else {
      throw new Error(`the LZW data are damaged (code ${code} where at most ${next - 1} is possible)`);
    }
    if (next < TABLE) {
      // The string just written, and the byte that will be written next.
      starts[next] = start;
      lengths[next] = written - start + 1;
      next++;
      if (next >= 1 << codeBits && codeBits < 12) codeBits++;
    }
  }
  return output.subarray(0, written);
}
