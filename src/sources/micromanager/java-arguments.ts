import { randomInt } from "node:crypto";
import { type ArrayPart, type Json, placeholderOf } from "./messages.js";

/** An argument with the Java type that picks the method. */
export type JavaArgument =
  | { readonly type: "double" | "int" | "long"; readonly value: number }
  | { readonly type: "boolean"; readonly value: boolean }
  | { readonly type: "java.lang.String"; readonly value: string | null }
  | { readonly type: "byte[]" | "short[]" | "int[]" | "float[]" | "double[]"; readonly bytes: Buffer };

export const double = (value: number): JavaArgument => ({ type: "double", value: finite(value) });
export const int = (value: number): JavaArgument => ({ type: "int", value: finite(value) });
export const bool = (value: boolean): JavaArgument => ({ type: "boolean", value });
export const text = (value: string | null): JavaArgument => ({ type: "java.lang.String", value });
export const bytes = (values: Uint8Array): JavaArgument => ({ type: "byte[]", bytes: Buffer.from(values) });

// The server reads arrays that are arguments as big-endian, though its own go out little-endian.
export const shorts = (values: ArrayLike<number>): JavaArgument => ({
  type: "short[]",
  bytes: packed(values, 2, (buffer, value, at) => void buffer.writeInt16BE((value << 16) >> 16, at)),
});
export const ints = (values: ArrayLike<number>): JavaArgument => ({
  type: "int[]",
  bytes: packed(values, 4, (buffer, value, at) => void buffer.writeInt32BE(value | 0, at)),
});
export const floats = (values: ArrayLike<number>): JavaArgument => ({
  type: "float[]",
  bytes: packed(values, 4, (buffer, value, at) => void buffer.writeFloatBE(value, at)),
});
export const doubles = (values: ArrayLike<number>): JavaArgument => ({
  type: "double[]",
  bytes: packed(values, 8, (buffer, value, at) => void buffer.writeDoubleBE(value, at)),
});

/** The fields of a request that hold its arguments, and the arrays among them. */
export function encodeArguments(args: readonly JavaArgument[]): {
  fields: { readonly [key: string]: Json };
  arrays: ArrayPart[];
} {
  const arrays: ArrayPart[] = [];
  const values = args.map((arg) => {
    if (!("bytes" in arg)) return arg.value;
    let id = randomInt(1, 2 ** 31);
    while (arrays.some((other) => other.id === id)) id = randomInt(1, 2 ** 31);
    const part = { id, bytes: arg.bytes };
    arrays.push(part);
    return placeholderOf(part);
  });
  const types = args.map(({ type }) => type);
  const fields = { "argument-types": types, "argument-deserialization-types": types, arguments: values };
  return { fields, arrays };
}

function packed(
  values: ArrayLike<number>,
  size: number,
  write: (buffer: Buffer, value: number, at: number) => void,
): Buffer {
  const buffer = Buffer.alloc(values.length * size);
  for (let i = 0; i < values.length; i++) write(buffer, values[i]!, i * size);
  return buffer;
}

/** JSON has no other numbers, and the server dies of JSON that it cannot read. */
function finite(value: number): number {
  if (!Number.isFinite(value)) throw new RangeError(`${value} cannot be an argument`);
  return value;
}
