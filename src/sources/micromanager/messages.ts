/**
 * The messages of PyJavaZ, Micro-Manager's ZeroMQ server: one part of JSON in Latin-1, then for each array of bytes a
 * part of four bytes with its number and a part with its content.
 * Source: PyJavaZ 1.0.0, `ZMQSocketWrapper` and `ZMQUtil`.
 * @module
 */
import { z } from "zod";

/** An array that goes out as an argument: `id` ties its placeholder in the JSON to its bytes. */
export interface ArrayPart {
  readonly id: number;
  readonly bytes: Buffer;
}

/** What a request may hold. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** An object that stays in Micro-Manager; it lives until it is freed. */
const JavaReference = z.object({
  type: z.literal("unserialized-object"),
  class: z.string(),
  "hash-code": z.string().min(1),
  interfaces: z.array(z.string()).default([]),
});
export type JavaReference = z.infer<typeof JavaReference>;

const ARRAY_TYPES = ["byte-array", "short-array", "int-array", "float-array", "double-array"] as const;
type ArrayType = (typeof ARRAY_TYPES)[number];

const Reply = z.discriminatedUnion("type", [
  z.object({ type: z.literal("none"), version: z.string().optional() }),
  z.object({ type: z.literal("primitive"), value: z.union([z.number(), z.boolean(), z.string()]) }),
  z.object({ type: z.literal("string"), value: z.string() }),
  z.object({ type: z.literal("object"), value: z.string() }),
  z.object({ type: z.literal("exception"), value: z.string() }),
  z.object({ type: z.enum(ARRAY_TYPES), value: z.string() }),
  JavaReference,
]);

/** Signed as in Java, but for `byte[]` and `short[]`, which are camera counts here. */
export type JavaArray = Uint8Array | Uint16Array | Int32Array | Float32Array | Float64Array;

/** A decoded reply. `version` is only in the answer to `connect`. */
export type Reply =
  | { readonly kind: "value"; readonly value: number | boolean | string | null; readonly version?: string }
  | { readonly kind: "json"; readonly value: unknown }
  | { readonly kind: "array"; readonly value: JavaArray }
  | { readonly kind: "exception"; readonly javaStack: string }
  | { readonly kind: "reference"; readonly reference: JavaReference };

const ARRAYS: Record<ArrayType, { new (buffer: ArrayBuffer): JavaArray; BYTES_PER_ELEMENT: number }> = {
  "byte-array": Uint8Array,
  "short-array": Uint16Array,
  "int-array": Int32Array,
  "float-array": Float32Array,
  "double-array": Float64Array,
};

/**
 * The parts of a request. Characters beyond ASCII are escaped, since the server reads Latin-1.
 * @throws RangeError for text with an `@` beside an array: the server takes it for a placeholder and dies of it.
 */
export function encodeRequest(
  request: { readonly [key: string]: Json },
  arrays: readonly ArrayPart[],
): Buffer[] {
  if (arrays.length > 0) refusePlaceholders(request, new Set(arrays.map(placeholderOf)));
  const text = JSON.stringify(request).replace(
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return [
    Buffer.from(text, "latin1"),
    ...arrays.flatMap(({ id, bytes }) => {
      const number = Buffer.alloc(4);
      number.writeInt32LE(id);
      return [number, bytes];
    }),
  ];
}

/** What stands for an array among the arguments. */
export function placeholderOf({ id }: ArrayPart): string {
  return `@${id}_0`;
}

/**
 * A reply from its parts.
 * @throws RangeError saying what is not as it should be.
 */
export function decodeReply(parts: readonly Uint8Array[]): Reply {
  const [head, ...rest] = parts.map((part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength));
  if (head === undefined) throw new RangeError("a reply without parts");
  const parsed = Reply.safeParse(jsonOf(head.toString("latin1"), "a reply"));
  if (!parsed.success) throw new RangeError(`a reply of no known type: ${parsed.error.issues[0]!.message}`);
  const reply = parsed.data;
  switch (reply.type) {
    case "none":
      return { kind: "value", value: null, ...(reply.version !== undefined && { version: reply.version }) };
    case "primitive":
    case "string":
      return { kind: "value", value: reply.value };
    case "object":
      return { kind: "json", value: jsonOf(reply.value, "an object") };
    case "exception":
      return { kind: "exception", javaStack: reply.value };
    case "unserialized-object":
      return { kind: "reference", reference: reply };
    default:
      return { kind: "array", value: arrayOf(reply.type, reply.value, rest) };
  }
}

/** The array named "[B@1c2d3e4f", from the part after the one that holds that number. */
function arrayOf(type: ArrayType, name: string, parts: readonly Buffer[]): JavaArray {
  const number = /^\[B@(?<hex>[0-9a-f]{1,8})$/.exec(name)?.[1];
  if (number === undefined) throw new RangeError(`an array without a number: ${name}`);
  for (let i = 0; i + 1 < parts.length; i += 2) {
    const id = parts[i]!;
    if (id.length !== 4 || id.readUInt32LE() !== Number.parseInt(number, 16)) continue;
    const bytes = parts[i + 1]!;
    const { [type]: TypedArray } = ARRAYS;
    if (bytes.length % TypedArray.BYTES_PER_ELEMENT !== 0) {
      throw new RangeError(`${bytes.length} bytes are not a ${type}`);
    }
    // A copy, since a part may begin anywhere in its buffer. Micro-Manager and this program share a machine and so
    // their byte order.
    return new TypedArray(new Uint8Array(bytes).buffer);
  }
  throw new RangeError(`the bytes of ${name} are missing`);
}

function refusePlaceholders(value: Json, own: ReadonlySet<string>): void {
  if (typeof value === "string" && value.includes("@") && !own.has(value)) {
    throw new RangeError(
      `"${value}" holds an @, which Micro-Manager's server does not survive beside an array`,
    );
  }
  if (typeof value === "object" && value !== null) {
    for (const inner of Object.values(value)) refusePlaceholders(inner, own);
  }
}

function jsonOf(text: string, what: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new RangeError(`${what} that is not JSON`, { cause });
  }
}
