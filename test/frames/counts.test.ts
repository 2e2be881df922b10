import { describe, expect, it } from "vitest";
import { countsOf } from "../../src/frames/counts.js";

/** 10,000 numbers between 0 and 1, the first of which are others. */
const between = (...others: readonly number[]) =>
  Float32Array.from({ length: 10_000 }, (_, i) => others[i] ?? ((i * 37) % 101) / 100);

describe("counts of numbers of any kind", () => {
  it("keep the steps of whole numbers, raised where some are negative", () => {
    expect([...countsOf(Int16Array.of(-5, 0, 7))]).toEqual([0, 5, 12]);
    expect([...countsOf(Int32Array.of(3, 65_535))]).toEqual([3, 65_535]);
  });

  it("are stretched between the lowest and the highest otherwise; what is no number is the lowest", () => {
    const values = Float32Array.of(0.5, 1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);
    expect([...countsOf(values)]).toEqual([0, 65_535, 0, 65_535, 0]);
    expect(Math.max(...countsOf(between(200)))).toBe(65_535);
    expect(countsOf(between(200))[1]).toBe(Math.round((0.37 / 200) * 65_535));
  });

  it.each([
    ["one far above", [1e6]],
    ["one far below", [-1e6]],
    ["some on both sides", [1e6, -400, 3.4e38, 20, -30, 17]],
  ])("leave few that lie far outside at the limits: %s", (_, others) => {
    const counts = countsOf(between(...others));
    const plain = countsOf(between());
    expect(counts.subarray(others.length)).toEqual(plain.subarray(others.length));
    expect([...counts.subarray(0, others.length)]).toEqual(others.map((value) => (value > 0 ? 65_535 : 0)));
  });

  it("of 32-bit numbers keep their steps when those few are left out", () => {
    const values = Int32Array.from({ length: 10_000 }, (_, i) => (i === 0 ? 2 ** 31 - 1 : 100 + (i % 4000)));
    expect([...countsOf(values).subarray(0, 3)]).toEqual([4099, 101, 102]);
  });

  it("of a spot on empty ground are all of the spot", () => {
    const spot = Float32Array.from({ length: 10_000 }, (_, i) =>
      Math.exp(-(((i % 100) - 50) ** 2 / 4) - (Math.floor(i / 100) - 50) ** 2 / 4),
    );
    const few = Float32Array.from({ length: 10_000 }, (_, i) => (i < 5 ? (1 + i) / 2 : 0));
    expect(countsOf(spot)[5050]).toBe(65_535);
    expect(countsOf(spot)[5051]).toBe(Math.round(Math.exp(-0.25) * 65_535));
    expect([...countsOf(few).subarray(0, 5)]).toEqual([1, 2, 3, 4, 5].map((i) => i * 13_107));
  });
});
