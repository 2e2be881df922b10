import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LevelEvidence, steppedReading } from "../../src/refocus/level-evidence.js";
import { CONTENTS, likelihoodOf } from "../../src/refocus/level-response.js";

const usual = CONTENTS.map(({ usual }) => usual);
const focusUm = Array.from({ length: 61 }, (_, i) => (i - 30) / 2);

const frames = fc.array(
  fc.record({
    zUm: fc.double({ min: -15, max: 15, noNaN: true }),
    level: fc.double({ min: 0, max: 10, noNaN: true }),
    sd: fc.constantFrom(0, 0.1, 2),
  }),
  { minLength: 1, maxLength: 4 },
);

/** What each content gives at one plane of focus, by the definition. */
function ofContents(
  samples: readonly { zUm: number; level: number; sd: number }[],
  plane: number,
  um: number,
) {
  return CONTENTS.map((_, content) =>
    samples.reduce((product, { zUm, level, sd }) => {
      const reading = steppedReading(content, Math.abs(focusUm[plane]! - zUm) / um);
      return product * likelihoodOf(level, sd, reading);
    }, usual[content]!),
  );
}

const sum = (values: Iterable<number>) => [...values].reduce((a, b) => a + b, 0);

describe("what the levels of a site's frames say", () => {
  test("is, at each plane of focus, the product over the frames, added up over the contents by their weights", () => {
    fc.assert(
      fc.property(
        frames,
        fc.integer({ min: 0, max: 60 }),
        fc.constantFrom(0.7, 2, 6),
        (samples, plane, um) => {
          const evidence = new LevelEvidence(
            samples,
            samples.map(({ sd }) => sd),
            usual,
          );
          const expected = sum(ofContents(samples, plane, um));
          // Asked twice: what it used for the first answer must not show in the second.
          for (const likely of [evidence.over(focusUm, um), evidence.over(focusUm, um)]) {
            expect(likely[plane]! / expected).toBeCloseTo(1, 9);
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  test("tells the contents apart by what each of them gives, and hands out no more than it was given", () => {
    fc.assert(
      fc.property(frames, fc.integer({ min: 0, max: 60 }), (samples, plane) => {
        const evidence = new LevelEvidence(
          samples,
          samples.map(({ sd }) => sd),
          usual,
        );
        const weights = new Float64Array(CONTENTS.length);
        const share = new Float64Array(focusUm.length);
        share[plane] = 0.25;
        evidence.addTo(weights, share, focusUm, 2);

        const gives = ofContents(samples, plane, 2);
        expect(sum(weights)).toBeCloseTo(0.25, 9);
        for (const [content, weight] of weights.entries()) {
          expect(weight).toBeCloseTo((0.25 * gives[content]!) / sum(gives), 9);
        }
      }),
      { numRuns: 40 },
    );
  });
});
