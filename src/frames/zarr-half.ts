/**
 * Half-precision numbers (float16, IEEE 754 binary16) in a Zarr. Node has no array of them before version 24, so the array is read
 * as one of their bits.
 * @module
 */
import { z } from "zod";

const BITS = 2 ** 16;
/** Codecs that calculate with the numbers themselves. */
const CALCULATES = /"(?:numcodecs\.)?(delta|scale_offset|fixedscaleoffset|cast_value)"/;

const Half = z.union([
  z.looseObject({ dtype: z.string().regex(/^[<>|]f2$/), filters: z.unknown() }),
  z.looseObject({ data_type: z.literal("float16"), codecs: z.unknown() }),
]);

let values: Float32Array | undefined;

/** What half-precision numbers are by their bits. */
export function halvesOf(bits: Uint16Array): Float32Array {
  values ??= Float32Array.from({ length: BITS }, (_, i) => numberOf(i));
  const numbers = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) numbers[i] = values[bits[i]!]!;
  return numbers;
}

/** One bit of sign, five of the exponent, ten of the fraction. */
function numberOf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const [exponent, fraction] = [(bits >> 10) & 0x1f, bits & 0x3ff];
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/**
 * Makes the metadata of an array of half-precision numbers those of an array of their bits.
 * @returns these, and the value of what has never been written; undefined where the array is another one.
 * @throws Error where it is stored so that its bits are not those of its numbers.
 */
export function asBits(metadata: unknown): { readonly metadata: object; readonly fill: number } | undefined {
  const half = Half.safeParse(metadata);
  if (!half.success) return undefined;
  const { data } = half;
  const codec = CALCULATES.exec(JSON.stringify([data.filters, data.codecs]))?.[1];
  if (codec !== undefined) {
    throw new Error(`its pixels are float16, which cannot be read where they are stored by ${codec}`);
  }
  const type =
    "data_type" in data ? { data_type: "uint16" } : { dtype: String(data.dtype).replace("f2", "u2") };
  return { metadata: { ...data, ...type, fill_value: 0 }, fill: fillOf(data.fill_value) };
}

/** A number, its name ("NaN") or its bits ("0x7e00"). */
function fillOf(written: unknown): number {
  if (typeof written !== "string") return typeof written === "number" ? written : 0;
  return written.startsWith("0x") ? numberOf(Number(written)) : Number(written);
}
