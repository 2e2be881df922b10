import type { Estimate } from "./bootstrap.js";
import type { Comparison } from "./compare-metrics.js";
import { table } from "./markdown-table.js";

/** The model beside the classical measures, as paragraphs of a Markdown page. */
export function comparisonSection({ tuning, judged, resamples, model, measures }: Comparison): string[] {
  return [
    "## The classical measures on the same frames",
    `Each measure got the threshold and the direction that suit ${frames(tuning)} best, and all were judged on the other \
${frames(judged)}. The model as it is shipped needs no threshold: its F-score is that of the condition \`in-focus\`, its AUC that \
of the expected level. In brackets: 95 % of ${resamples} resamples of the fields (bootstrap). Differences are the measure less the \
model, resample by resample. An AUC below 0.5 says that the direction that suits the first frames best is the wrong one for the others.`,
    table(
      ["", "in focus where", "F-score", "AUC", "F-score less the model's", "AUC less the model's"],
      [
        ["**model**", "", interval(model.fScore), interval(model.areaUnderCurve), "", ""],
        ...measures.map(({ name, rule, fScore, areaUnderCurve, fScoreDifference, areaDifference }) => [
          name,
          `${rule.sharpIs === "high" ? "at least" : "at most"} ${Number(rule.threshold.toPrecision(3))}`,
          interval(fScore),
          interval(areaUnderCurve),
          interval(fScoreDifference),
          interval(areaDifference),
        ]),
      ],
    ),
  ];
}

function frames({ fields, inFocus, outOfFocus }: Comparison["judged"]): string {
  return `${inFocus + outOfFocus} frames of ${fields} fields (${inFocus} in focus, ${outOfFocus} out)`;
}

function interval({ value, low, high }: Estimate): string {
  return `${value.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`;
}
