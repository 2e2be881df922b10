import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  bytes,
  double,
  doubles,
  encodeArguments,
  floats,
  ints,
  shorts,
} from "../../../src/sources/micromanager/java-arguments.js";
import {
  decodeReply,
  encodeRequest,
  type Json,
  placeholderOf,
} from "../../../src/sources/micromanager/messages.js";

const latin1 = (value: unknown) => Buffer.from(JSON.stringify(value), "latin1");
const uint32 = (value: number) => {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(value);
  return buffer;
};

describe("a reply", () => {
  test("never ends in anything but a value or a RangeError, whatever its parts", () => {
    const part = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.json({ maxDepth: 3 }).map((json) => new Uint8Array(Buffer.from(json, "latin1"))),
      fc
        .record(
          {
            type: fc.constantFrom(
              "none",
              "primitive",
              "string",
              "object",
              "short-array",
              "unserialized-object",
            ),
            value: fc.anything({ maxDepth: 1, withBigInt: false }),
            "hash-code": fc.string(),
            class: fc.string(),
          },
          { requiredKeys: ["type"] },
        )
        .map((reply) => new Uint8Array(latin1(reply))),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 5 }), (parts) => {
        try {
          expect(decodeReply(parts)).toHaveProperty("kind");
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
  });

  test("gives back the shorts of any array, wherever its part begins in its buffer", () => {
    fc.assert(
      fc.property(fc.uint16Array(), fc.nat(0xffffffff), fc.nat(7), (values, id, offset) => {
        const padded = Buffer.concat([
          Buffer.alloc(offset),
          Buffer.from(values.buffer, 0, values.byteLength),
        ]);
        const head = latin1({ type: "short-array", value: `[B@${id.toString(16)}` });
        const reply = decodeReply([head, uint32(id), padded.subarray(offset)]);
        expect(reply).toEqual({ kind: "array", value: values });
      }),
    );
  });

  test("takes the array that its number names, not the first", () => {
    const head = latin1({ type: "byte-array", value: "[B@2a" });
    const parts = [head, uint32(7), Buffer.from([1]), uint32(42), Buffer.from([2])];
    expect(decodeReply(parts)).toEqual({ kind: "array", value: Uint8Array.of(2) });
  });

  test.each([
    ["no parts", [], "without parts"],
    ["text that is not JSON", [Buffer.from("{")], "not JSON"],
    ["a type that nobody knows", [latin1({ type: "tensor" })], "no known type"],
    ["an array without its bytes", [latin1({ type: "int-array", value: "[B@1" })], "missing"],
    ["half a short", [latin1({ type: "short-array", value: "[B@1" }), uint32(1), Buffer.alloc(3)], "3 bytes"],
    ["an object that is not JSON", [latin1({ type: "object", value: "{" })], "an object that is not JSON"],
  ])("with %s is refused and says so", (_, parts, says) => {
    expect(() => decodeReply(parts)).toThrow(new RegExp(says));
  });
});

describe("a request", () => {
  test("is ASCII and reads back as it was, whatever text it holds", () => {
    const json = fc.jsonValue({ maxDepth: 3, stringUnit: "binary" }) as fc.Arbitrary<Json>;
    fc.assert(
      fc.property(json, (value) => {
        const [head] = encodeRequest({ value }, []);
        expect(head!.every((byte) => byte < 0x7f)).toBe(true);
        expect(JSON.parse(head!.toString("latin1"))).toEqual(JSON.parse(JSON.stringify({ value })));
      }),
    );
  });

  test("with an array is refused if any other text in it holds an @, for the server would die of it", () => {
    const { fields, arrays } = encodeArguments([shorts([1])]);
    expect(() => encodeRequest({ ...fields, name: "Cam @1" }, arrays)).toThrow(/holds an @/);
    expect(() => encodeRequest({ ...fields, deep: [{ label: "@" }] }, arrays)).toThrow(/holds an @/);
    expect(encodeRequest({ ...fields, name: "Cam" }, arrays)).toHaveLength(3);
    expect(encodeRequest({ name: "Cam @1" }, [])).toHaveLength(1);
  });

  test("carries arrays big-endian, each after the number that its placeholder names", () => {
    const { fields, arrays } = encodeArguments([shorts([1, -2]), double(3), doubles([1.5])]);
    const parts = encodeRequest(fields, arrays);
    expect(fields.arguments).toEqual([placeholderOf(arrays[0]!), 3, placeholderOf(arrays[1]!)]);
    expect(fields["argument-types"]).toEqual(["short[]", "double", "double[]"]);
    expect(parts[1]!.readInt32LE()).toBe(arrays[0]!.id);
    expect(parts[2]!.toString("hex")).toBe("0001fffe");
    expect(parts[4]!.toString("hex")).toBe("3ff8000000000000");
    const others = encodeArguments([ints([-1, 258]), floats([1]), bytes(Uint8Array.of(1, 255))]).arrays;
    expect(others.map((part) => part.bytes.toString("hex"))).toEqual([
      "ffffffff00000102",
      "3f800000",
      "01ff",
    ]);
  });

  test("cannot hold a number that JSON has not", () => {
    expect(() => double(Number.NaN)).toThrow(/NaN/);
  });
});
