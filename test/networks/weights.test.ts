import { readFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { packWeights, unpackWeights, type Weights } from "../../src/networks/weights.js";

const PYTHON = join(import.meta.dirname, "../fixtures/focus/python.safetensors");

const weightsOfAnyShape = fc
  .uniqueArray(
    fc.record({
      name: fc
        .string({ minLength: 1, maxLength: 12 })
        .filter((name) => name !== "__metadata__" && !/^\d+$/.test(name)),
      shape: fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }),
      fill: fc.infiniteStream(fc.float()),
    }),
    { selector: ({ name }) => name, maxLength: 5 },
  )
  .map(
    (tensors): Weights =>
      new Map(
        tensors.map(({ name, shape, fill }) => {
          const size = shape.reduce((product, side) => product * side, 1);
          return [
            name,
            { shape, values: Float32Array.from({ length: size }, () => fill.next().value as number) },
          ];
        }),
      ),
  );

describe("packWeights and unpackWeights", () => {
  it("give back any weights bit for bit, in order, with their metadata", () => {
    fc.assert(
      fc.property(
        weightsOfAnyShape,
        fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true }),
        (weights, metadata) => {
          const back = unpackWeights(packWeights(weights, metadata));
          expect([...back.weights]).toEqual([...weights]);
          expect(back.metadata).toEqual(metadata);
        },
      ),
    );
  });

  it("read bytes that begin anywhere in a buffer", () => {
    const packed = packWeights(sample);
    const shifted = new Uint8Array(packed.length + 3);
    shifted.set(packed, 3);
    expect(unpackWeights(shifted.subarray(3)).weights).toEqual(sample);
  });
});

describe("the safetensors layout", () => {
  it("is the one that Python's safetensors library writes", async () => {
    const { weights, metadata } = unpackWeights(await readFile(PYTHON));
    expect(metadata).toEqual({ made: "by Python" });
    expect(Object.fromEntries([...weights].map(([name, { shape }]) => [name, shape]))).toEqual({
      "conv/weights": [2, 3, 4],
      "conv/biases": [3],
      scalar: [],
    });
    const expected = Float32Array.from({ length: 24 }, (_, i) => -1 + (2 * i) / 23);
    for (const [i, value] of weights.get("conv/weights")!.values.entries())
      expect(value).toBeCloseTo(expected[i]!, 6);
    expect([...weights.get("conv/biases")!.values]).toEqual([Math.fround(1e-30), -0, 3.5]);
    expect([...weights.get("scalar")!.values]).toEqual([42.25]);
  });

  it("states the header's length first, aligns the values to 8 bytes and lays the tensors without gaps", () => {
    const packed = packWeights(sample, { made: "by a test" });
    const headerLength = Number(new DataView(packed.buffer).getBigUint64(0, true));
    const text = new TextDecoder().decode(packed.subarray(8, 8 + headerLength));
    expect(headerLength % 8).toBe(0);
    expect(JSON.parse(text)).toEqual({
      __metadata__: { made: "by a test" },
      a: { dtype: "F32", shape: [2, 2], data_offsets: [0, 16] },
      b: { dtype: "F32", shape: [1], data_offsets: [16, 20] },
    });
    expect(packed.length).toBe(8 + headerLength + 20);
    expect(new DataView(packed.buffer).getFloat32(8 + headerLength + 16, true)).toBe(5);
  });
});

describe("unpackWeights of damaged bytes", () => {
  const withHeader = (header: unknown, values = 20) => {
    const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
    const bytes = new Uint8Array(8 + text.length + values);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
    bytes.set(text, 8);
    return bytes;
  };

  it.each([
    ["nothing at all", new Uint8Array(), /shorter than a safetensors header/],
    ["a header longer than the file", packWeights(sampleOf()).subarray(0, 40), /header ends beyond the file/],
    ["values cut off", packWeights(sampleOf()).subarray(0, -1), /tensor b .* ends beyond the file/],
    ["a header that is not JSON", withHeader("{ no"), /header is not JSON/],
    ["a header that is no table", withHeader("7"), /header is not a table/],
    [
      "another element type",
      withHeader({ a: { dtype: "F16", shape: [2], data_offsets: [0, 4] } }),
      /tensor a is not float32/,
    ],
    [
      "a shape that its values do not fill",
      withHeader({ a: { dtype: "F32", shape: [3], data_offsets: [0, 8] } }),
      /tensor a is not float32 of its shape/,
    ],
    [
      "a tensor without a place",
      withHeader({ a: { dtype: "F32", shape: [3] } }),
      /does not describe tensor a/,
    ],
    [
      "a negative offset",
      withHeader({ a: { dtype: "F32", shape: [1], data_offsets: [-4, 0] } }),
      /does not describe tensor a/,
    ],
  ])("refuses %s with a RangeError that says so", (_, bytes, reason) => {
    expect(() => unpackWeights(bytes)).toThrow(RangeError);
    expect(() => unpackWeights(bytes)).toThrow(reason);
  });

  it("never fails with anything but a RangeError when one byte of the header is another", () => {
    const packed = packWeights(sample);
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: packed.length - 21 }),
        fc.integer({ min: 0, max: 255 }),
        (at, byte) => {
          const damaged = packed.slice();
          damaged[at] = byte;
          try {
            unpackWeights(damaged);
          } catch (error) {
            expect(error).toBeInstanceOf(RangeError);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

function sampleOf(): Weights {
  return new Map([
    ["a", { shape: [2, 2], values: Float32Array.of(1, -2, 3, 4) }],
    ["b", { shape: [1], values: Float32Array.of(5) }],
  ]);
}
const sample = sampleOf();
