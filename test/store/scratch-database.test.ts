import { expect, onTestFinished, test } from "vitest";
import type { Shelf } from "../../src/records/shelf.js";
import { ScratchDatabase } from "../../src/store/scratch-database.js";

function shelf(most: number): Shelf<{ n: number }> {
  const database = ScratchDatabase.open();
  onTestFinished(() => database.close());
  return database.shelf<{ n: number }>("things", most);
}

test("a shelf gives what was put there, of the things asked for last the very same ones", () => {
  const things = shelf(4);
  const all = Array.from({ length: 20 }, (_, n) => ({ n }));
  for (const thing of all) things.set(`t${thing.n}`, thing);

  expect(things.get("t19")).toBe(all[19]);
  expect(things.get("t0")).toEqual(all[0]);
  expect(things.get("t0")).not.toBe(all[0]);
  expect(things.get("another")).toBeUndefined();
});

test("a shelf keeps what was changed in place, before and after it left the memory", () => {
  const things = shelf(4);
  const thing = { n: 0 };
  things.set("thing", thing);
  thing.n = 1;
  things.set("thing", thing);
  for (let n = 0; n < 10; n++) things.set(`t${n}`, { n });
  const back = things.get("thing")!;
  expect(back).toEqual({ n: 1 });
  back.n = 2;
  things.set("thing", back);
  for (let n = 0; n < 10; n++) things.get(`t${n}`);

  expect(things.get("thing")).toEqual({ n: 2 });
  expect([...things.entries()]).toHaveLength(11);
});
