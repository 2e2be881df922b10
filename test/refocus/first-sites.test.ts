import fc from "fast-check";
import { expect, test } from "vitest";
import { confidenceAfter } from "../../src/refocus/first-sites.js";

test("the first ten sites leave less doubt after a search, and neither later ones nor a first frame does", () => {
  expect(confidenceAfter(0, 1, 0.8)).toBe(0.8);
  expect(confidenceAfter(9, 2, 0.8)).toBeCloseTo(0.88);
  expect(confidenceAfter(10, 2, 0.8)).toBe(0.8);
});

test("what is asked for is never less than the user's, and never certainty where that is not", () => {
  fc.assert(
    fc.property(
      fc.nat(30),
      fc.integer({ min: 1, max: 9 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (sites, frames, usual) => {
        const confidence = confidenceAfter(sites, frames, usual);
        expect(confidence).toBeGreaterThanOrEqual(usual);
        expect(confidence).toBeLessThanOrEqual(1);
        if (usual < 0.999) expect(confidence).toBeLessThan(1);
      },
    ),
  );
});
