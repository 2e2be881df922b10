import type { Comparison } from "./compare-metrics.js";
import { COMPARISON_COLUMNS, comparisonRows, sampleText } from "./figures.js";
import { table } from "./markdown-table.js";

/** The model beside the classical measures, as paragraphs of a Markdown page. */
export function comparisonSection(comparison: Comparison): string[] {
  const { tuning, judged, resamples } = comparison;
  return [
    "## The classical measures on the same frames",
    `Each measure got the threshold and the direction that suit ${sampleText(tuning)} best, and all were judged on the other \
${sampleText(judged)}. The model as it is shipped needs no threshold: its F-score is that of the condition \`in-focus\`, its AUC that \
of the expected level. In brackets: 95 % of ${resamples} resamples of the fields (bootstrap). Differences are the measure less the \
model, resample by resample; p is how often chance alone would give a difference as large (two-sided bootstrap test). An AUC below \
0.5 says that the direction that suits the first frames best is the wrong one for the others.`,
    table(COMPARISON_COLUMNS, comparisonRows("**model**", comparison)),
  ];
}
