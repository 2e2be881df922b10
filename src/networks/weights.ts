/** Weights by name: shape and float32 values in row order. */
export type Weights = ReadonlyMap<string, WeightTensor>;

export interface WeightTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/**
 * Packs weights into the safetensors format: length of the header (uint64), header (JSON: dtype, shape, offsets),
 * values (float32, little-endian). Any safetensors reader opens it.
 */
export function packWeights(weights: Weights, metadata: Record<string, string> = {}): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const [name, { shape, values }] of weights) {
    header[name] = { dtype: "F32", shape, data_offsets: [offset, offset + values.byteLength] };
    offset += values.byteLength;
  }
  // The format asks for values aligned to 8 bytes and allows spaces behind the JSON.
  const json = JSON.stringify(header);
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
  const header = JSON.parse(new TextDecoder().decode(packed.subarray(8, 8 + headerLength))) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  const weights = new Map<string, WeightTensor>();
  let metadata: Partial<Record<string, string>> = {};
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") {
      metadata = entry as unknown as Partial<Record<string, string>>;
      continue;
    }
    const [start, end] = entry.data_offsets;
    const count = entry.shape.reduce((product, side) => product * side, 1);
    if (entry.dtype !== "F32" || end - start !== 4 * count || 8 + headerLength + end > packed.byteLength) {
      throw new RangeError(`tensor ${name} is not float32 of its shape, or ends beyond the file`);
    }
    const values = new Float32Array(count);
    for (let i = 0; i < count; i++) values[i] = view.getFloat32(8 + headerLength + start + 4 * i, true);
    weights.set(name, { shape: entry.shape, values });
  }
  return { weights, metadata };
}
