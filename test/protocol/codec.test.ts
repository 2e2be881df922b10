import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeMessage, encodeFrame, encodeMessage, type Pixels } from "../../src/protocol/codec.js";
import type { FrameMessage, VerdictMessage } from "../../src/protocol/messages.js";
import { ProtocolError } from "../../src/protocol/protocol-error.js";

const name = fc.string({ minLength: 1, maxLength: 40 });
const um = fc.double({ min: -1e6, max: 1e6, noNaN: true }).map((x) => x + 0);

const header = fc.record(
  {
    v: fc.constant(1 as const),
    type: fc.constant("frame" as const),
    id: name,
    session: name,
    sequence: fc.nat(),
    mode: fc.constantFrom("gate", "observe"),
    deadlineMs: fc.integer({ min: 1, max: 10_000 }),
    bitDepth: fc.integer({ min: 8, max: 16 }),
    site: fc.record({ name, plate: name, well: name, row: fc.nat(31) }, { requiredKeys: ["name"] }),
    attempt: fc.nat(20),
    channel: name,
    zUm: um,
    zSource: fc.constantFrom("measured", "intended"),
    pixelUm: fc.constantFrom(0.1, 0.65),
    meta: fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.oneof(name, fc.integer(), fc.boolean())),
  },
  { requiredKeys: ["v", "type", "id", "session", "sequence", "mode", "site", "attempt"] },
);

const image = fc
  .record({
    height: fc.integer({ min: 1, max: 8 }),
    width: fc.integer({ min: 1, max: 8 }),
    wide: fc.boolean(),
  })
  .chain(({ height, width, wide }) => {
    const length = { minLength: height * width, maxLength: height * width };
    const pixels: fc.Arbitrary<Pixels> = wide ? fc.uint16Array(length) : fc.uint8Array(length);
    return pixels.map((values) => ({ shape: [height, width] as [number, number], pixels: values }));
  });

function framed(
  fields: object,
  { shape, pixels }: { shape: [number, number]; pixels: Pixels },
): FrameMessage {
  const dtype = pixels instanceof Uint16Array ? "uint16" : "uint8";
  return JSON.parse(JSON.stringify({ ...fields, shape, dtype })) as FrameMessage;
}

const verdict: VerdictMessage = {
  v: 1,
  type: "verdict",
  id: "a",
  session: "s",
  condition: "defocused",
  level: 3,
  expectedLevel: 3.2,
  aggregateCertainty: 0.5,
  meanCertainty: 0.5,
  maxCertainty: 0.9,
  decision: "retry",
  action: { kind: "move-z", byUm: -6.4 },
  acquireAgain: true,
  keepAttempt: 0,
  attemptsLeft: 2,
  reason: "",
  model: { name: "m", sha256: "0" },
  timings: { queueMs: 0, scoreMs: 1, totalMs: 1 },
};

describe("encoding and decoding", () => {
  test("gives back every frame and its pixels", () => {
    fc.assert(
      fc.property(header, image, fc.boolean(), (fields, picture, isOdd) => {
        const message = framed(fields, picture);
        const [json, bytes] = encodeFrame(message, picture.pixels);
        // A received part may begin at any address.
        const part = new Uint8Array(bytes.length + 1).subarray(isOdd ? 1 : 0, bytes.length + (isOdd ? 1 : 0));
        part.set(bytes);

        expect(decodeMessage([Buffer.from(json), part])).toEqual({
          kind: "frame",
          header: message,
          pixels: picture.pixels,
        });
      }),
    );
  });

  test("gives back a verdict", () => {
    const decoded = decodeMessage([Buffer.from(encodeMessage(verdict))]);

    expect(decoded).toEqual({ kind: "plain", message: verdict });
  });

  test("copies no pixels where their address is even", () => {
    const pixels = Uint16Array.from([1, 2, 3, 4]);
    const message = framed(
      {
        v: 1,
        type: "frame",
        id: "a",
        session: "s",
        sequence: 0,
        mode: "gate",
        site: { name: "x" },
        attempt: 0,
      },
      { shape: [2, 2], pixels },
    );
    const [json, bytes] = encodeFrame(message, pixels);

    const decoded = decodeMessage([Buffer.from(json), bytes]);

    expect(decoded.kind === "frame" && decoded.pixels.buffer).toBe(pixels.buffer);
  });

  test("takes null for missing and ignores unknown keys", () => {
    const json = JSON.stringify({ v: 1, type: "heartbeat", session: null, timestampMs: 5, mood: "fine" });

    expect(decodeMessage([Buffer.from(json)])).toEqual({
      kind: "plain",
      message: { v: 1, type: "heartbeat", timestampMs: 5 },
    });
  });
});

describe("what Python writes for a number that is none", () => {
  const frame = { v: 1, type: "frame", id: "NaN", session: "s", sequence: 0, mode: "gate", dtype: "uint8" };
  const text = JSON.stringify({ ...frame, shape: [1, 1], site: { name: 'a "NaN" \\\\' }, attempt: 0, z: 0 });
  const withNumbers = (numbers: string) => Buffer.from(text.replace('"z":0', numbers));

  test("counts as missing, and stays where it is text", () => {
    const head = withNumbers(
      '"xUm":NaN,"yUm": -Infinity ,"zUm":Infinity,"exposureMs":5,"meta":{"gain":[1,NaN]}',
    );

    const decoded = decodeMessage([head, new Uint8Array(1)]);

    const { xUm, yUm, zUm, ...header } = (decoded as { header: FrameMessage }).header;
    expect([xUm, yUm, zUm]).toEqual([undefined, undefined, undefined]);
    expect(header).toMatchObject({ id: "NaN", site: { name: 'a "NaN" \\\\' }, exposureMs: 5 });
  });

  test("is refused by name where a number is needed", () => {
    expect(() => decodeMessage([withNumbers('"zLimitsUm":[NaN,50]'), new Uint8Array(1)])).toThrow(
      /zLimitsUm/,
    );
  });

  test("is looked for in any text without waiting", () => {
    for (const part of ['"\\\\', '\\"', "NaN", '"a', "-"]) {
      expect(() => decodeMessage([Buffer.from(`{"a":${part.repeat(2 ** 18)}`)])).toThrow("not JSON");
    }
  });
});

describe("broken input", () => {
  const onlyTyped = (parts: Uint8Array[]) => {
    try {
      decodeMessage(parts);
    } catch (error) {
      expect(error).toBeInstanceOf(ProtocolError);
    }
  };

  test("of any bytes raises the typed error and nothing else", () => {
    fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 3 }), onlyTyped));
  });

  test("of any JSON raises the typed error and nothing else", () => {
    fc.assert(
      fc.property(fc.json(), fc.uint8Array({ maxLength: 20 }), (json, bytes) => {
        onlyTyped([Buffer.from(json), bytes]);
      }),
    );
  });

  test("of any field of a frame raises the typed error, with the id while that can be read", () => {
    fc.assert(
      fc.property(header, image, fc.nat(30), fc.jsonValue(), (fields, picture, at, value) => {
        const message: Record<string, unknown> = { ...framed(fields, picture) };
        const key = Object.keys(message)[at % Object.keys(message).length]!;
        message[key] = value;
        const bytes = new Uint8Array(picture.pixels.buffer);
        try {
          decodeMessage([Buffer.from(JSON.stringify(message)), bytes]);
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError);
          if (key !== "id") expect((error as ProtocolError).frameId).toBe(message.id);
        }
      }),
    );
  });

  test.each([
    { what: "no parts", parts: [], code: "bad-parts", says: "no parts" },
    { what: "an empty part first, as of a REQ socket", parts: ["", "{}"], code: "bad-parts", says: "DEALER" },
    { what: "an array", parts: ["[]"], code: "bad-message", says: "not a JSON object" },
    { what: "no version", parts: ['{"type":"bye"}'], code: "bad-message", says: "v: missing" },
    {
      what: "a later version",
      parts: ['{"v":2,"type":"new"}'],
      code: "unsupported-version",
      says: "version 2",
    },
    { what: "no type", parts: ['{"v":1}'], code: "bad-message", says: "type: missing" },
    { what: "a missing field", parts: ['{"v":1,"type":"drop"}'], code: "bad-message", says: "drop: id" },
    { what: "invalid UTF-8", parts: [Buffer.from([0x7b, 0xff, 0x7d])], code: "bad-json", says: "not JSON" },
    {
      what: "lists in lists, thousands deep",
      parts: [`{"v":1,"type":"bye","meta":${"[".repeat(100_000)}${"]".repeat(100_000)}}`],
      code: "bad-json",
      says: "nested too deep",
    },
  ])("with $what says so", ({ parts, code, says }) => {
    const decode = () => decodeMessage(parts.map((part) => Buffer.from(part)));

    expect(decode).toThrow(expect.objectContaining({ code, message: expect.stringContaining(says) }));
  });
});
