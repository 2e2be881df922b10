import { copyFile, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isParfocalError } from "../../src/errors.js";
import { ELEMENTS, openTensorBundle, parseIndex } from "../../src/exchange/tensor-bundle.js";
import { crc32c, maskedCrc32c } from "../../src/frames/crc32c.js";
import { times } from "../helpers/campaign.js";
import { temporaryFolder } from "../helpers/models.js";

/** Written by TensorFlow: scripts/make-tensorflow-fixtures.py. */
const SMALL = join(import.meta.dirname, "../fixtures/tensorflow/small");
const DATA = "data-00000-of-00001";
const index = await readFile(`${SMALL}.index`);

/** A copy of the small bundle that may be damaged. */
async function copied(): Promise<string> {
  const prefix = join(await temporaryFolder(), "copy");
  for (const suffix of ["index", DATA]) await copyFile(`${SMALL}.${suffix}`, `${prefix}.${suffix}`);
  return prefix;
}

describe("CRC-32C", () => {
  it("is that of RFC 3720, of any length and place", () => {
    expect(crc32c(new TextEncoder().encode("123456789"))).toBe(0xe3069283);
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
    expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
    expect(crc32c(new Uint8Array())).toBe(0);
  });

  it("is masked as in the published checkpoint, whose step is 1000042", () => {
    const step = new Uint8Array(8);
    new DataView(step.buffer).setBigInt64(0, 1000042n, true);
    expect(maskedCrc32c(step)).toBe(0x545cfa02);
  });
});

describe("a bundle of tensors", () => {
  it("has the variables that TensorFlow wrote, with their shapes, types and values", async () => {
    const { entries, read } = await openTensorBundle(SMALL);
    expect([...entries].map(([name, { element, shape }]) => [name, element, shape])).toEqual([
      ["global_step", ELEMENTS.int64, []],
      ["numbers", ELEMENTS.float32, [3, 4]],
      ["scope/one", ELEMENTS.float32, []],
      ["scope/other", 2, [5]],
    ]);
    const view = async (name: string) => new DataView((await read(name)).buffer);
    expect((await view("global_step")).getBigInt64(0, true)).toBe(1000042n);
    expect((await view("scope/one")).getFloat32(0, true)).toBe(2.5);
    const numbers = await view("numbers");
    for (let i = 0; i < 12; i++) {
      expect(numbers.getFloat32(4 * i, true)).toBeCloseTo((((i * 7) % 101) - 50) / 50, 6);
    }
    await expect(read("missing")).rejects.toThrow(/has no variable missing/);
  });

  it("is refused with any flipped bit of its index, unless that changes nothing", () => {
    const expected = parseIndex("x", index);
    fc.assert(
      fc.property(fc.nat(index.length - 1), fc.nat(7), (at, bit) => {
        const damaged = Uint8Array.from(index);
        damaged[at]! ^= 1 << bit;
        const before = outcome(damaged);
        if (before !== "refused") expect(before).toEqual(expected);
      }),
      { numRuns: times(1000, 10000) },
    );
  });

  it("is refused where its index is cut short, anywhere", () => {
    for (let length = 0; length < index.length; length++) {
      expect(outcome(index.subarray(0, length)), String(length)).toBe("refused");
    }
  });

  it("is refused in plain words when its index is anything else, blocks with right checksums among it", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => outcome(bytes) === "refused"),
      { numRuns: times(300, 3000) },
    );
    // Hostile bytes in a block whose checksum is right.
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 120 }), (block) => {
        expect(() => outcome(tableOf(block))).not.toThrow();
      }),
      { numRuns: times(1000, 20000) },
    );
  });

  it("is refused where a variable would lie beyond its file, before memory is taken for it", async () => {
    const prefix = await copied();
    await truncate(`${prefix}.${DATA}`, 30);
    const { entries, read } = await openTensorBundle(prefix);
    const last = [...entries].reduce((a, b) => (b[1].offset > a[1].offset ? b : a));
    await expect(read(last[0])).rejects.toThrow(/ends at byte 30, before .* it is cut short/);
  });

  it("is refused where a value is not the one that was written", async () => {
    const bytes = await readFile(`${SMALL}.${DATA}`);
    const { entries } = await openTensorBundle(SMALL);
    for (const [name, { offset, byteLength }] of entries) {
      for (const at of [offset, offset + byteLength - 1]) {
        const prefix = await copied();
        const damaged = Uint8Array.from(bytes);
        damaged[at]! ^= 1;
        await writeFile(`${prefix}.${DATA}`, damaged);
        await expect((await openTensorBundle(prefix)).read(name)).rejects.toThrow(/checksum of .* is wrong/);
      }
    }
  });

  it("is refused where files are missing", async () => {
    await expect(openTensorBundle(`${SMALL}-not`)).rejects.toThrow(/no such file or folder/);
    const prefix = join(await temporaryFolder(), "alone");
    await copyFile(`${SMALL}.index`, `${prefix}.index`);
    await expect((await openTensorBundle(prefix)).read("numbers")).rejects.toThrow(/no such file or folder/);
  });
});

function outcome(bytes: Uint8Array): ReturnType<typeof parseIndex> | "refused" {
  try {
    return parseIndex("x", bytes);
  } catch (error) {
    if (isParfocalError(error, "ModelError")) return "refused";
    throw error;
  }
}

/** A table whose index is the given block; what the block says lies in the table itself. */
function tableOf(block: Uint8Array): Uint8Array {
  const table = new Uint8Array(block.length + 5 + 48);
  table.set(block);
  const view = new DataView(table.buffer);
  view.setUint32(block.length + 1, maskedCrc32c(table.subarray(0, block.length + 1)), true);
  // Handles: no filters, then the block from 0 on.
  table.set([0, 0, 0, block.length], block.length + 5);
  view.setBigUint64(table.length - 8, 0xdb4775248b80fb57n, true);
  return table;
}
