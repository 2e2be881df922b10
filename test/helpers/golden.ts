import { readFile } from "node:fs/promises";
import { join } from "node:path";

const FIXTURES = join(import.meta.dirname, "../fixtures");

/** Numbers that scripts/make-golden-numbers.py or scripts/make-golden-metrics.py computed. */
export async function golden<T>(name: string): Promise<T> {
  return JSON.parse(await readFile(join(FIXTURES, name), "utf8")) as T;
}

/** Values that Python stored as little-endian float32 in base64. */
export function float32Of(base64: string): Float32Array {
  const bytes = Buffer.from(base64, "base64");
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(4 * i));
}

/** Largest difference between two lists of the same length; NaN if there is one, or if the lengths differ. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.NaN;
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i]! - b[i]!);
    if (!(difference <= largest)) largest = difference;
    if (Number.isNaN(difference)) return Number.NaN;
  }
  return largest;
}
