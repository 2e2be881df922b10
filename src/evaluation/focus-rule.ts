import { areaUnderCurve, fScore } from "./metrics.js";

/** How a measure of focus becomes a judgement: in focus from the threshold on, in the direction of sharp. */
export interface FocusRule {
  readonly sharpIs: "high" | "low";
  /** In the measure's own units. */
  readonly threshold: number;
}

/** The measure turned so that more is sharper. */
export function sharpnessOf({ sharpIs }: Pick<FocusRule, "sharpIs">, value: number): number {
  return sharpIs === "high" ? value : -value;
}

/** True where a frame with this value is in focus. */
export function isInFocus(rule: FocusRule, value: number): boolean {
  return sharpnessOf(rule, value) >= sharpnessOf(rule, rule.threshold);
}

/**
 * The rule that fits labelled values best: the direction in which the area under the curve is at least a half, and the threshold
 * with the highest F-score; between values, and the middle one where several are equally good.
 */
export function chooseRule(
  frames: readonly { readonly value: number; readonly inFocus: boolean }[],
): FocusRule {
  const valuesOf = (inFocus: boolean) =>
    frames.filter((frame) => frame.inFocus === inFocus).map(({ value }) => value);
  const sharpIs = areaUnderCurve(valuesOf(true), valuesOf(false)) >= 0.5 ? "high" : "low";
  const values = [...new Set(frames.map(({ value }) => value))].sort((a, b) => a - b);
  const between = values.slice(1).map((value, i) => (values[i]! + value) / 2);
  // At the blurriest value itself, all are in focus.
  const thresholds = sharpIs === "high" ? [values[0]!, ...between] : [...between, values.at(-1)!];
  const scores = thresholds.map((threshold) =>
    fScore(
      frames.map(({ value, inFocus }) => ({
        actual: inFocus,
        judged: isInFocus({ sharpIs, threshold }, value),
      })),
    ),
  );
  const best = Math.max(...scores);
  const equallyGood = thresholds.filter((_, i) => scores[i] === best);
  return { sharpIs, threshold: equallyGood[equallyGood.length >> 1]! };
}
