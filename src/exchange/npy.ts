/** What the first bytes are padded to, so that the numbers behind them are aligned. */
const ALIGNMENT = 64;
const MAGIC = Uint8Array.of(0x93, ...new TextEncoder().encode("NUMPY"), 1, 0);

/**
 * An array as a file of NumPy (format 1.0), little-endian, rows before columns.
 * @param values as many as the sides of `shape` multiply to
 */
export function npyFile(values: Uint16Array | Float32Array, shape: readonly number[]): Uint8Array {
  const kind = values instanceof Uint16Array ? "<u2" : "<f4";
  const sides = `(${shape.join(", ")}${shape.length === 1 ? "," : ""})`;
  const header = `{'descr': '${kind}', 'fortran_order': False, 'shape': ${sides}, }`;
  const start = MAGIC.length + 2;
  const length = Math.ceil((start + header.length + 1) / ALIGNMENT) * ALIGNMENT - start;
  const size = values.BYTES_PER_ELEMENT;
  const bytes = new Uint8Array(start + length + values.length * size);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  view.setUint16(MAGIC.length, length, true);
  bytes.set(new TextEncoder().encode(`${header.padEnd(length - 1)}\n`), start);
  for (const [index, value] of values.entries()) {
    const at = start + length + index * size;
    if (size === 2) view.setUint16(at, value, true);
    else view.setFloat32(at, value, true);
  }
  return bytes;
}
