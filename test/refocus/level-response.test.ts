import { describe, expect, test } from "vitest";
import { steppedReading } from "../../src/refocus/level-evidence.js";
import { CONTENTS, likelihoodOf, readingAt, unsurenessOf } from "../../src/refocus/level-response.js";

const contents = CONTENTS.map((content, index) => ({ ...content, index }));
const blurs = Array.from({ length: 121 }, (_, i) => i / 10);

/** The level that is likeliest for a content so many levels from focus, of those a tenth apart. */
function likeliest(content: number, defocus: number): number {
  const levels = Array.from({ length: 100 }, (_, i) => 0.3 + i / 10);
  const reading = steppedReading(content, defocus);
  const densities = levels.map((level) => likelihoodOf(level, 0.1, reading));
  return levels[densities.indexOf(Math.max(...densities))]!;
}

describe("what a content reads", () => {
  test.each(contents)(
    "rises with the blur, from its plane of focus to where all is lost: content $index",
    ({ curve }) => {
      const readings = blurs.map((blur) => readingAt(curve, blur));

      expect(readings).toEqual(readings.toSorted((a, b) => a - b));
      expect(readings[0]).toBeLessThan(0.4);
      expect(readings[100]).toBeCloseTo(9.5, 6);
      // Beyond, as if levels went on, so that the search knows how far beyond it is.
      expect(readings[120]! - readings[110]!).toBeCloseTo(1, 6);
    },
  );

  test("of extended structure is more in its plane of focus, and the same far from it", () => {
    const [fine, large] = [contents[2]!, contents[9]!];

    expect(likeliest(fine.index, 0)).toBeLessThan(0.5);
    expect(likeliest(large.index, 0)).toBeGreaterThan(2);
    expect(likeliest(large.index, 8)).toBeCloseTo(likeliest(fine.index, 8), -1);
  });

  test("of fine texture is more in its very plane of focus than beside it", () => {
    const texture = contents[11]!;

    expect(likeliest(texture.index, 0)).toBeGreaterThan(likeliest(texture.index, 1));
    expect(likeliest(texture.index, 3)).toBeGreaterThan(likeliest(texture.index, 1));
  });
});

describe("how probable a level is", () => {
  const levels = Array.from({ length: 2001 }, (_, i) => i / 200);
  /** Of frames that are sure of their level, and of those that are not, together. */
  const massOf = (reading: number, sd = 0) =>
    [0, 1].reduce(
      (sum, unsure) =>
        sum + levels.reduce((part, level) => part + likelihoodOf(level, sd, reading, unsure) / 200, 0),
      0,
    );

  test.each([2, 4, 6])(
    "where %d is to be read, is a density over the levels with its peak there",
    (reading) => {
      const densities = levels.map((level) => likelihoodOf(level, 0, reading));

      expect(massOf(reading)).toBeCloseTo(1, 1);
      expect(levels[densities.indexOf(Math.max(...densities))]).toBeCloseTo(reading, 1);
    },
  );

  test("is the wider the less sure the frame is of its level, and one far off is never ruled out", () => {
    const [sure, unsure] = [0, 1].map((sd) => likelihoodOf(5, sd, 3));

    expect(unsure).toBeGreaterThan(10 * sure!);
    expect(sure).toBeGreaterThan(1e-3);
    expect(likelihoodOf(3, 1, 3)).toBeLessThan(likelihoodOf(3, 0, 3));
  });

  test("says little of focus where the frame is not sure of it: what is lost reads anything", () => {
    const farOverNear = (unsure: number) => likelihoodOf(1, 0, 14, unsure) / likelihoodOf(1, 0, 1, unsure);

    expect(farOverNear(1)).toBeGreaterThan(5 * farOverNear(0));
    expect(likelihoodOf(1, 0, 14, 1)).toBeGreaterThan(0.5 * likelihoodOf(9, 0, 14, 1));
  });

  test.each([
    [undefined, 0],
    [0.6, 0],
    [0.25, 0],
    [0.2, 0.5],
    [0.15, 1],
    [0, 1],
  ])("with a certainty of %s is that of a frame %f unsure", (certainty, unsure) => {
    expect(unsurenessOf(certainty)).toBeCloseTo(unsure, 6);
  });

  test("does not tell levels apart that are as sharp as it gets", () => {
    expect(likelihoodOf(0, 0, 0.32)).toBe(likelihoodOf(0.2, 0, 0.32));
    expect(likelihoodOf(0.8, 0, 0.32)).toBeLessThan(likelihoodOf(0.2, 0, 0.32));
  });

  test("takes a lower level for one that was lost so far from focus", () => {
    expect(likelihoodOf(7, 0, 14)).toBeGreaterThan(20 * likelihoodOf(7, 0, 9.5));
  });
});

describe("steps of defocus", () => {
  test("are fine, and end where all is lost", () => {
    const readings = blurs.map((blur) => steppedReading(2, blur));

    expect(new Set(readings).size).toBeGreaterThan(100);
    expect(steppedReading(2, 400)).toBe(steppedReading(2, 900));
    expect(steppedReading(2, 400)).toBeGreaterThan(steppedReading(2, 10));
  });
});
