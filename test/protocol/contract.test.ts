import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { CONDITIONS } from "../../src/focus/report.js";
import { decodeMessage } from "../../src/protocol/codec.js";
import { ConditionName, MESSAGES } from "../../src/protocol/messages.js";
import { ProtocolError } from "../../src/protocol/protocol-error.js";

interface Example {
  readonly file: string;
  readonly pixels?: string;
  readonly type?: string;
  readonly ignored?: true;
  readonly error?: string;
  readonly id?: string;
}

const folder = new URL("../contract/", import.meta.url);
const read = (name: string) => readFileSync(new URL(name, folder));
const examples = JSON.parse(read("index.json").toString()) as Example[];
const partsOf = ({ file, pixels }: Example) => [read(file), ...(pixels === undefined ? [] : [read(pixels)])];

describe("the example messages", () => {
  test.each(examples.filter(({ error, ignored }) => !error && !ignored))(
    "$file is a valid $type",
    (example) => {
      const incoming = decodeMessage(partsOf(example));

      const message =
        incoming.kind === "frame" ? incoming.header : incoming.kind === "plain" && incoming.message;
      expect(message !== false && message.type).toBe(example.type);
    },
  );

  test.each(examples.filter(({ error }) => error))("$file is refused with $error", (example) => {
    const decode = () => decodeMessage(partsOf(example));

    expect(decode).toThrow(ProtocolError);
    expect(decode).toThrow(expect.objectContaining({ code: example.error, frameId: example.id }));
  });

  test("a type of a later version is no error", () => {
    expect(decodeMessage([read("unknown-type.json")])).toEqual({ kind: "unknown", type: "weather" });
  });

  test("show every type", () => {
    expect(new Set(examples.map(({ type }) => type).filter(Boolean))).toEqual(
      new Set([...Object.keys(MESSAGES), "weather"]),
    );
  });

  test("pixels are little-endian in row order", () => {
    const incoming = decodeMessage([read("frame-gate.json"), read("frame-gate.raw")]);

    expect(incoming).toMatchObject({ kind: "frame", header: { shape: [4, 6] } });
    expect(incoming.kind === "frame" && [...incoming.pixels.slice(0, 3)]).toEqual([100, 300, 500]);
  });
});

test("a verdict names the same conditions as the scorer", () => {
  expect(ConditionName.options).toEqual([...CONDITIONS]);
});
