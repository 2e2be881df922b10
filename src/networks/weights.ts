import { z } from "zod";

/** Weights by name: shape and float32 values in row order. */
export type Weights = ReadonlyMap<string, WeightTensor>;

export interface WeightTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** How the header describes one tensor. */
const HeaderEntry = z.object({
  dtype: z.string(),
  shape: z.array(z.int().nonnegative()),
  data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
});

/**
 * Packs weights into the safetensors format: length of the header (uint64), header (JSON: dtype, shape, offsets),
 * values (float32, little-endian). Any safetensors reader opens it.
 */
export function packWeights(weights: Weights, metadata: Record<string, string> = {}): Uint8Array {
  const entries: [string, unknown][] = [["__metadata__", metadata]];
  let offset = 0;
  for (const [name, { shape, values }] of weights) {
    entries.push([name, { dtype: "F32", shape, data_offsets: [offset, offset + values.byteLength] }]);
    offset += values.byteLength;
  }
  // The format asks for values aligned to 8 bytes and allows spaces behind the JSON.
  const json = JSON.stringify(Object.fromEntries(entries));
  const text = new TextEncoder().encode(json + " ".repeat((8 - (Buffer.byteLength(json) % 8)) % 8));
  const packed = new Uint8Array(8 + text.length + offset);
  const view = new DataView(packed.buffer);
  view.setBigUint64(0, BigInt(text.length), true);
  packed.set(text, 8);
  let position = 8 + text.length;
  for (const { values } of weights.values()) {
    for (const value of values) {
      view.setFloat32(position, value, true);
      position += 4;
    }
  }
  return packed;
}

/**
 * Reads what `packWeights` or another safetensors writer wrote; float32 only.
 * @throws RangeError saying what is wrong with the bytes.
 */
export function unpackWeights(packed: Uint8Array): {
  weights: Weights;
  metadata: Partial<Record<string, string>>;
} {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  if (packed.byteLength < 8) throw new RangeError("shorter than a safetensors header");
  const headerLength = Number(view.getBigUint64(0, true));
  if (headerLength > packed.byteLength - 8)
    throw new RangeError("the safetensors header ends beyond the file");
  const header = parseHeader(packed.subarray(8, 8 + headerLength));
  const weights = new Map<string, WeightTensor>();
  let metadata: Partial<Record<string, string>> = {};
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") {
      metadata = entry as Partial<Record<string, string>>;
      continue;
    }
    const { success, data } = HeaderEntry.safeParse(entry);
    if (!success) throw new RangeError(`the safetensors header does not describe tensor ${name}`);
    const { dtype, shape, data_offsets } = data;
    const [start, end] = data_offsets;
    const count = shape.reduce((product, side) => product * side, 1);
    if (dtype !== "F32" || end - start !== 4 * count || 8 + headerLength + end > packed.byteLength) {
      throw new RangeError(`tensor ${name} is not float32 of its shape, or ends beyond the file`);
    }
    const values = new Float32Array(count);
    for (let i = 0; i < count; i++) values[i] = view.getFloat32(8 + headerLength + start + 4 * i, true);
    weights.set(name, { shape, values });
  }
  return { weights, metadata };
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder().decode(bytes));
  } catch (cause) {
    throw new RangeError("the safetensors header is not JSON", { cause });
  }
  if (typeof header !== "object" || header === null)
    throw new RangeError("the safetensors header is not a table");
  return header as Record<string, unknown>;
}
