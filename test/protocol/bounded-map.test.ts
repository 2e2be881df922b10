import { expect, test } from "vitest";
import { BoundedMap } from "../../src/protocol/bounded-map.js";

test("a full map forgets what was not used for longest, and says what", () => {
  const map = new BoundedMap<string, number>(2);
  map.set("a", 1);
  map.set("b", 2);
  map.get("a");

  const forgotten = map.set("c", 3);

  expect(forgotten).toEqual(["b", 2]);
  expect([...map.entries()]).toEqual([
    ["a", 1],
    ["c", 3],
  ]);
});

test("setting a key again forgets nothing", () => {
  const map = new BoundedMap<string, number>(1);
  map.set("a", 1);

  expect(map.set("a", 2)).toBeUndefined();
  expect(map.get("a")).toBe(2);
});

test("a map that is limited by sizes forgets as many entries as it takes, and keeps one that is too large alone", () => {
  const map = new BoundedMap<string, string>(10, ({ length }) => length);
  for (const key of ["a", "b", "c"]) map.set(key, "xxx");

  expect(map.set("d", "xxxxxx")).toEqual(["b", "xxx"]);
  expect([...map.entries()].map(([key]) => key)).toEqual(["c", "d"]);
  map.delete("d");
  map.set("c", "x");
  expect(map.set("e", "xxxxxxxxx")).toBeUndefined();
  map.set("large", "x".repeat(11));
  expect([...map.entries()].map(([key]) => key)).toEqual(["large"]);
});
