import { describe, expect, it } from "vitest";
import { significantBits } from "../../src/frames/bit-depth.js";

describe("significantBits", () => {
  const twelve = Uint16Array.of(0, 4095);

  it("takes a declaration that the pixels bear out", () => {
    expect(significantBits(twelve, 12)).toBe(12);
    expect(significantBits(twelve, 14)).toBe(14);
  });

  it.each([undefined, 11, 7, 16, 32, 12.5, Number.NaN])("leaves %s out", (declared) => {
    expect(significantBits(twelve, declared)).toBeUndefined();
  });

  it("says nothing about 8-bit pixels, which all cameras fill", () => {
    expect(significantBits(Uint8Array.of(1), 8)).toBeUndefined();
  });
});
