import { describe, expect, it } from "vitest";
import { expectedCalibrationError, reliabilityOf, type Statement } from "../../src/evaluation/reliability.js";
import { Random } from "../../src/optics/random.js";

/** Statements of a known confidence, of which a known share is right, fifteen to a field. */
function statements(confidence: number, count: number, right: number): Statement[] {
  return Array.from({ length: count }, (_, i) => ({
    confidence,
    isRight: i < right,
    field: `f${Math.floor(i / 15)}`,
  }));
}

describe("the reliability of confidences", () => {
  it("is perfect where each confidence is right as often as it says", () => {
    const all = [...statements(0.9, 100, 90), ...statements(0.3, 50, 15)];
    expect(expectedCalibrationError(all)).toBeCloseTo(0, 12);
  });

  it("weighs the gap of each bin by its statements", () => {
    // A gap of 0.4 in a quarter of the statements, none in the others.
    const all = [...statements(0.95, 100, 55), ...statements(0.5, 300, 150)];
    const { expectedError, bins, right, meanConfidence, count } = reliabilityOf(all, new Random(1))!;
    expect(expectedError.value).toBeCloseTo(0.1, 12);
    expect([count, right]).toEqual([400, 205 / 400]);
    expect(meanConfidence).toBeCloseTo((95 + 150) / 400, 12);
    expect(bins[9]).toMatchObject({ from: 0.9, count: 100, right: 0.55 });
    expect(bins[9]!.confidence).toBeCloseTo(0.95, 12);
    expect(bins[0]).toEqual({ from: 0, count: 0, confidence: undefined, right: undefined });
  });

  it("has room for certainty itself, and for nothing at all", () => {
    expect(expectedCalibrationError(statements(1, 10, 10))).toBe(0);
    expect(expectedCalibrationError(statements(0, 10, 10))).toBe(1);
    expect(reliabilityOf([], new Random(1))).toBeUndefined();
  });

  it("has an interval over fields, the same for the same seed", () => {
    const all = [...statements(0.9, 200, 150), ...statements(0.4, 200, 70)];
    const error = (seed: number) => reliabilityOf(all, new Random(seed))!.expectedError;
    expect(error(1)).toEqual(error(1));
    expect(error(1).low).toBeLessThan(error(1).value);
    expect(error(1).high).toBeGreaterThan(error(1).value);
  });
});
