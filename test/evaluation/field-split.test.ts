import { describe, expect, test } from "vitest";
import { splitByField } from "../../src/evaluation/field-split.js";
import { Random } from "../../src/optics/random.js";

/** Fields of three frames each, of which the first is in focus. */
function fieldsOfThree(count: number) {
  return Array.from({ length: 3 * count }, (_, i) => ({
    field: `f${Math.floor(i / 3)}`,
    inFocus: i % 3 === 0,
  }));
}

describe("a split by field", () => {
  const frames = fieldsOfThree(40);
  const split = (seed: number) => splitByField(frames, 0.1, new Random(seed))!;

  test("puts a tenth of the frames on the side of tuning, and no field on both", () => {
    const { tuning, judged } = split(1);
    const fields = (side: typeof tuning) => new Set(side.map(({ field }) => field));

    expect(tuning.length).toBe(12);
    expect(judged.length).toBe(108);
    expect(fields(tuning).size + fields(judged).size).toBe(40);
  });

  test("is the same for the same seed only", () => {
    expect(split(1)).toEqual(split(1));
    expect(split(1)).not.toEqual(split(2));
  });

  test("takes more than a tenth where tuning would lack a label, and no more than one field for it", () => {
    // One field in twenty is out of focus: a tenth of them is mostly in focus only.
    const single = Array.from({ length: 40 }, (_, i) => ({ field: `f${i}`, inFocus: i % 20 > 0 }));
    for (let seed = 0; seed < 20; seed++) {
      const { tuning, judged } = splitByField(single, 0.1, new Random(seed))!;
      expect(new Set(tuning.map(({ inFocus }) => inFocus)).size).toBe(2);
      expect(new Set(judged.map(({ inFocus }) => inFocus)).size).toBe(2);
      expect(tuning.length).toBeGreaterThanOrEqual(4);
      expect(tuning.length).toBeLessThanOrEqual(5);
    }
  });

  test("is not made where both labels cannot stand on both sides", () => {
    const one = [
      { field: "a", inFocus: true },
      { field: "b", inFocus: true },
      { field: "c", inFocus: false },
    ];
    expect(splitByField(one, 0.1, new Random(1))).toBeUndefined();
    expect(splitByField(fieldsOfThree(1), 0.1, new Random(1))).toBeUndefined();
    expect(splitByField([], 0.1, new Random(1))).toBeUndefined();
  });
});
