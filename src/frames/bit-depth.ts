/** Bits below which a camera's counts would not be worth a judgement; `Frame.bitDepth` starts here. */
const LEAST_BITS = 8;

/**
 * The significant bits of a pixel as a file declares them, or undefined where the declaration cannot be used:
 * it is missing, out of range, says no more than the pixel type, or a pixel exceeds it (PNG's sBIT allows
 * scaled values, and some programs write the camera's bits beside rescaled pixels).
 */
export function significantBits(
  pixels: Uint8Array | Uint16Array,
  declaredBits: number | undefined,
): number | undefined {
  if (declaredBits === undefined || !Number.isInteger(declaredBits) || declaredBits < LEAST_BITS)
    return undefined;
  if (declaredBits >= pixels.BYTES_PER_ELEMENT * 8) return undefined;
  const highest = 2 ** declaredBits - 1;
  for (let i = 0; i < pixels.length; i++) {
    if (pixels[i]! > highest) return undefined;
  }
  return declaredBits;
}
