/**
 * Figures as both reports write them.
 * @module
 */
import type { Estimate } from "./bootstrap.js";
import type { Comparison, MeasureScores, RivalScores } from "./compare-metrics.js";
import type { Evaluation } from "./evaluate.js";
import type { GroupScores } from "./groups.js";
import type { Accuracy } from "./synthetic-judgement.js";

export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** A value with its interval. */
export function interval({ value, low, high }: Estimate): string {
  return `${value.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`;
}

/** Number of frames, and shares that are exact, within one and within two levels. */
export function accuracyCells({ frames, exact, withinOne, withinTwo }: Accuracy): string[] {
  return [String(frames), ...[exact, withinOne, withinTwo].map(percent)];
}

/** Columns of `accuracyCells`. */
export const ACCURACY_COLUMNS = ["frames", "exact", "within 1", "within 2"] as const;

/** Accuracy at each gain, each offset and with little light, a row each; the first column says which. */
export function exposureRows({
  gains,
  offsets,
  lights,
}: Pick<Evaluation, "gains" | "offsets" | "lights">): string[][] {
  return [
    ...gains.map(({ gain, ...scores }) => [`times ${gain}`, ...accuracyCells(scores)]),
    ...offsets.map(({ offsetCounts, ...scores }) => [`plus ${offsetCounts}`, ...accuracyCells(scores)]),
    ...lights.map(({ peakElectrons, ...scores }) => [
      `brightest pixel ${peakElectrons} electrons`,
      ...accuracyCells(scores),
    ]),
  ];
}

export const RELIABILITY_COLUMNS = [
  ...["", "number", "right", "mean confidence", "expected calibration error"],
] as const;

/** How far confidences of frames and of patches can be taken at their word; none where there are no statements. */
export function reliabilityRows({ frames, patches }: Evaluation["reliability"]): string[][] {
  return Object.entries({ frames, patches }).flatMap(([name, all]) =>
    all === undefined
      ? []
      : [
          [
            ...[name, String(all.count), percent(all.right), percent(all.meanConfidence)],
            interval(all.expectedError),
          ],
        ],
  );
}

export const COMPARISON_COLUMNS = [
  ...["", "in focus where", "F-score", "AUC", "F-score less the model's", "p", "AUC less the model's", "p"],
] as const;

/** The model, other models and the classical measures, a row each. @param name of the model. */
export function comparisonRows(name: string, { model, rivals, measures }: Comparison): string[][] {
  return [
    [name, "", interval(model.fScore), interval(model.areaUnderCurve), "", "", "", ""],
    ...rivals.map((rival) => rivalCells(rival, "")),
    ...measures.map((measure) => rivalCells(measure, ruleText(measure.rule))),
  ];
}

function rivalCells(rival: RivalScores, where: string): string[] {
  const { name, fScore, areaUnderCurve, fScoreDifference, areaDifference } = rival;
  return [
    ...[name, where, interval(fScore), interval(areaUnderCurve)],
    ...[interval(fScoreDifference), fScoreDifference.p.toFixed(3)],
    ...[interval(areaDifference), areaDifference.p.toFixed(3)],
  ];
}

function ruleText({ sharpIs, threshold }: MeasureScores["rule"]): string {
  return `${sharpIs === "high" ? "at least" : "at most"} ${Number(threshold.toPrecision(3))}`;
}

/** What was judged: "20 frames of 18 fields (14 in focus, 6 out)". */
export function sampleText({ fields, inFocus, outOfFocus }: Comparison["judged"]): string {
  return `${inFocus + outOfFocus} frames of ${fields} fields (${inFocus} in focus, ${outOfFocus} out)`;
}

export const GROUP_COLUMNS = [
  ...["", "", "in", "out", "F-score", "AUC", "synthetic frames", "exact", "within 1", "within 2"],
] as const;

/** A row a group: kind, name, labels in and out, F-score, AUC, then as `accuracyCells`. */
export function groupRows(groups: readonly GroupScores[]): string[][] {
  return groups.map(({ kind, name, labelled, synthetic }) => [
    ...[kind, name, String(labelled?.inFocus ?? ""), String(labelled?.outOfFocus ?? "")],
    labelled?.fScore?.toFixed(3) ?? "",
    labelled?.areaUnderCurve?.toFixed(3) ?? "",
    ...(synthetic === undefined ? ["", "", "", ""] : accuracyCells(synthetic)),
  ]);
}

export const STACK_COLUMNS = [
  ...["stack", "planes", "unfamiliar", "Spearman with the distance", "lowest level at z, um", "lowest level"],
] as const;

export function stackRows(stacks: Evaluation["stacks"]): string[][] {
  return stacks.map(({ stackId, planes, unfamiliar, spearman, minimumZUm, minimumLevel }) => [
    ...[
      stackId,
      String(planes),
      String(unfamiliar),
      spearman.toFixed(3),
      String(minimumZUm),
      minimumLevel.toFixed(2),
    ],
  ]);
}

/** A row of the mean errors of the defocus in levels, by true level. */
export function biasCells({ bias }: NonNullable<Evaluation["synthetic"]>): string[] {
  return bias.map((error) => error?.toFixed(2) ?? "");
}
