import { expect } from "vitest";
import type { FocusReport } from "../../src/focus/report.js";
import { Scorer } from "../../src/focus/scorer.js";
import { largestDifference } from "../helpers/golden.js";
import { dataFrame, spots } from "../helpers/images.js";
import { SHIPPED_MODEL } from "../helpers/models.js";

/** Scores real and made frames on ONNX Runtime's CPU and on another engine; all numbers agree to 1e-4. */
export async function expectAgreement(other: Scorer): Promise<void> {
  const reference = await Scorer.load({ model: SHIPPED_MODEL, device: "cpu" });
  const frames = [
    await dataFrame("evaluation/dsb_520x696_4ee5850b63.png"),
    await dataFrame("evaluation/stack_biop_R03C05F03_c1_z000.png"),
    spots(169, 100, 1),
    { width: 84, height: 84, pixels: new Uint16Array(84 * 84).fill(300) },
  ];
  for (const frame of frames) {
    const expected = await reference.score(frame, { coverage: "full" });
    const actual = await other.score(frame, { coverage: "full" });
    expect([actual.rows, actual.columns]).toEqual([expected.rows, expected.columns]);
    for (const key of ["probabilities", "certainties", "distribution"] as const) {
      expect(largestDifference(actual[key], expected[key]), key).toBeLessThan(1e-4);
    }
    for (const key of ["expectedLevel", "aggregateCertainty", "meanCertainty", "maxCertainty"] as const) {
      // Ten levels: the expected level may be off by ten times a probability.
      expect(Math.abs(actual[key] - expected[key]), key).toBeLessThan(key === "expectedLevel" ? 1e-3 : 1e-4);
    }
    const told = ({ level, condition, unfamiliar }: FocusReport) => ({ level, condition, unfamiliar });
    expect(told(actual)).toEqual(told(expected));
  }
  await reference.dispose();
}
