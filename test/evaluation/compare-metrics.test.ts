import { describe, expect, test } from "vitest";
import { type ComparedFrame, compareMetrics } from "../../src/evaluation/compare-metrics.js";
import { comparisonSection } from "../../src/evaluation/comparison-section.js";
import { Random } from "../../src/optics/random.js";

/** Sixty fields, each in and out of focus. The model errs in one frame of ten; one measure is perfect, one reversed, one knows nothing. */
function frames(): ComparedFrame[] {
  const random = new Random(5);
  return Array.from({ length: 120 }, (_, i) => {
    const inFocus = i % 2 === 0;
    const judgedInFocus = i % 10 === 0 ? !inFocus : inFocus;
    return {
      field: `f${Math.floor(i / 2)}`,
      inFocus,
      expectedLevel: (judgedInFocus ? 0.5 : 4) + random.uniform() / 10,
      judgedInFocus,
      metrics: {
        perfect: inFocus ? 10 + i : -10 - i,
        reversed: inFocus ? 1 : 2,
        blind: random.uniform(),
      },
    };
  });
}

describe("the classical measures beside the model", () => {
  const comparison = compareMetrics(frames(), 1)!;
  const [expectedLevel, perfect, reversed, blind] = comparison.measures as Required<
    typeof comparison
  >["measures"];

  test("are tuned on a tenth of the frames and judged on the others, field by field", () => {
    expect(comparison.tuning).toEqual({ fields: 6, inFocus: 6, outOfFocus: 6 });
    expect(comparison.judged).toEqual({ fields: 54, inFocus: 54, outOfFocus: 54 });
    expect(comparison.measures.map(({ name }) => name)).toEqual([
      "expected level",
      "perfect",
      "reversed",
      "blind",
    ]);
  });

  test("find their direction, and have no interval where they never err", () => {
    expect(perfect!.rule.sharpIs).toBe("high");
    expect(reversed!.rule).toEqual({ sharpIs: "low", threshold: 1.5 });
    for (const { fScore, areaUnderCurve } of [perfect!, reversed!]) {
      expect(fScore).toEqual({ value: 1, low: 1, high: 1 });
      expect(areaUnderCurve).toEqual({ value: 1, low: 1, high: 1 });
    }
  });

  test("leave the model its errors, within an interval", () => {
    const { fScore, areaUnderCurve } = comparison.model;
    expect(fScore.value).toBeGreaterThan(0.8);
    expect(fScore.value).toBeLessThan(0.95);
    for (const { value, low, high } of [fScore, areaUnderCurve]) {
      expect(low).toBeLessThan(value);
      expect(high).toBeGreaterThan(value);
    }
  });

  test("differ from it resample by resample: surely where they are better, not at all where they are the same", () => {
    expect(perfect!.fScoreDifference.value).toBeCloseTo(1 - comparison.model.fScore.value, 12);
    expect(perfect!.fScoreDifference.low).toBeGreaterThan(0);
    expect(perfect!.areaDifference.low).toBeGreaterThan(0);
    expect(blind!.areaDifference.high).toBeLessThan(0);
    expect(expectedLevel!.areaDifference).toEqual({ value: 0, low: 0, high: 0, p: 1 });
    // No resample of a thousand lies on the other side of 0.
    expect(perfect!.fScoreDifference.p).toBeCloseTo(2 / 1001, 12);
  });

  test("stand beside other models, each with its own answers to the same frames", () => {
    const truth = frames().map(({ inFocus }) => ({ expectedLevel: inFocus ? 0 : 5, judgedInFocus: inFocus }));
    const { rivals, model, measures } = compareMetrics(frames(), 1, [
      { name: "never errs", frames: truth },
      { name: "the same", frames: frames() },
    ])!;
    expect({ model, measures }).toEqual({ model: comparison.model, measures: comparison.measures });
    expect(rivals.map(({ name, fScore }) => [name, fScore.value])).toEqual([
      ["never errs", 1],
      ["the same", model.fScore.value],
    ]);
    expect(rivals[0]!.fScoreDifference.p).toBeCloseTo(2 / 1001, 12);
    expect(rivals[1]!.fScoreDifference).toEqual({ value: 0, low: 0, high: 0, p: 1 });
    expect(comparison.rivals).toEqual([]);
  });

  test("are the same for the same seed only", () => {
    expect(compareMetrics(frames(), 1)).toEqual(comparison);
    expect(compareMetrics(frames(), 2)).not.toEqual(comparison);
  });

  test("are left out where there are too few fields", () => {
    expect(compareMetrics(frames().slice(0, 2), 1)).toBeUndefined();
    expect(compareMetrics([], 1)).toBeUndefined();
  });

  test("become a table with a row for the model and for each measure", () => {
    const [title, text, table] = comparisonSection(comparison);
    expect(title).toBe("## The classical measures on the same frames");
    expect(text).toContain("12 frames of 6 fields (6 in focus, 6 out)");
    expect(text).toContain("108 frames of 54 fields (54 in focus, 54 out)");
    const rows = table!.split("\n");
    expect(rows.length).toBe(2 + 1 + 4);
    expect(new Set(rows.map((row) => row.split("|").length))).toEqual(new Set([10]));
    expect(rows[5]).toMatch(/^\| reversed \| at most 1\.5 \| 1\.000 \(1\.000 to 1\.000\) \|/);
  });
});
