import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readJsonLeniently } from "../../src/frames/lenient-json.js";

describe("JSON that is damaged", () => {
  it.each([
    ["with NaN", '{"a": NaN, "b": 2}', { b: 2 }],
    ["with Infinity", '{"a": 1, "b": -Infinity, "c": {"d": Infinity, "e": 5}}', { a: 1, c: { e: 5 } }],
    ["with a raw line end", '{"a": "one\ntwo", "b": 2}', { a: "one\ntwo", b: 2 }],
    ["with a lone backslash", '{"a": "C:\\data", "b": 2, "c": "D:\\"}', { a: "C:\\data", b: 2, c: 'D:"}' }],
    ["cut off in a value", '{"a": 1, "b": {"c": 2, "d": "thr', { a: 1, b: { c: 2, d: "thr" } }],
    ["cut off in a number", '{"a": 1, "b": 12', { a: 1 }],
    ["cut off behind a key", '{"a": [1, 2], "b":', { a: [1, 2] }],
    ["with a comma too many", '{"a": 1,, "b": 2,}', { a: 1, b: 2 }],
    ["with a list that holds NaN", '{"a": [1, NaN, 3]}', { a: [1, null, 3] }],
  ])("%s keeps what can be read", (_, text, value) => {
    expect(readJsonLeniently(text)).toEqual(value);
  });

  it("is read as JSON where it is whole", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        expect(readJsonLeniently(JSON.stringify(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it("never fails, however it is cut or changed", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(), fc.string({ maxLength: 3 }), (value, at, text) => {
        const json = JSON.stringify({ value });
        const cut = at % json.length;
        readJsonLeniently(json.slice(0, cut));
        readJsonLeniently(json.slice(0, cut) + text + json.slice(cut + 1));
      }),
    );
  });

  it("that nests without end comes back", () => {
    expect(readJsonLeniently(`${'{"a":'.repeat(100_000)}`)).toBeTypeOf("object");
  });

  it("that is none gives nothing", () => {
    expect(readJsonLeniently("ImageJ=1.53")).toBeUndefined();
  });
});
