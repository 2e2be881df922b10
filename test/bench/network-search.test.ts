import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CANDIDATES } from "../../bench/network-search/candidates.js";
import { isBest, type Result, table } from "../../bench/network-search/pareto.js";
import { type PatchShape, shapeAfter } from "../../src/networks/architecture.js";

const result = (name: string, ms: number, heldOutLoss: number): Result => {
  const score = { heldOutLoss, heldOutExact: 0.5, heldOutWithinOne: 0.9 };
  return { name, description: "", weights: 1000, ms, alone: score, taught: score };
};

describe("the search for leaner networks", () => {
  test("has candidates with names of their own that all make eleven levels of a patch", () => {
    expect(new Set(CANDIDATES.map(({ name }) => name)).size).toBe(CANDIDATES.length);
    for (const { name, layers } of CANDIDATES) {
      const shape = layers.reduce<PatchShape>((before, layer) => shapeAfter(layer, before), [84, 84, 1]);
      expect(shape, name).toEqual([11]);
    }
  });

  test("leaves out what another candidate beats in time or loss and equals in the other", () => {
    const all = [
      result("good", 8, 0.4),
      result("fast", 4, 0.5),
      result("slow", 9, 0.4),
      result("poor", 4, 0.6),
    ];

    expect(all.filter((each) => isBest(each, all)).map(({ name }) => name)).toEqual(["good", "fast"]);
  });

  test("always leaves the fastest and the best, whatever there is", () => {
    const candidate = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }));
    fc.assert(
      fc.property(fc.array(candidate, { minLength: 1 }), (pairs) => {
        const all = pairs.map(([ms, loss], i) => result(String(i), ms, loss));
        const best = all.filter((each) => isBest(each, all));
        for (const least of [(r: Result) => r.ms, (r: Result) => r.taught.heldOutLoss]) {
          expect(Math.min(...best.map(least))).toBe(Math.min(...all.map(least)));
        }
      }),
    );
  });

  test("prints times beside that of the first candidate, the dearest first", () => {
    const rows = table([result("medium", 8, 0.4), result("tiny", 4, 0.6)], result("", 0, 0.3).alone).split(
      "\n",
    );

    expect(rows[2]).toMatch(/^\| medium \| 1000 \| 8\.0 \| 1\.00 \| 0\.400 \| 50\.0 % \| 90\.0 % /);
    expect(rows[3]).toMatch(/^\| tiny \| 1000 \| 4\.0 \| 0\.50 /);
    expect(rows[4]).toMatch(/^\| the teacher \|/);
  });
});
