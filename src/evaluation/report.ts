import { comparisonSection } from "./comparison-section.js";
import type { Evaluation } from "./evaluate.js";
import {
  ACCURACY_COLUMNS,
  accuracyCells,
  biasCells,
  exposureRows,
  GROUP_COLUMNS,
  groupRows,
  RELIABILITY_COLUMNS,
  reliabilityRows,
  STACK_COLUMNS,
  stackRows,
} from "./figures.js";
import { table } from "./markdown-table.js";

/** The evaluation as a Markdown page, the command that made it at its head. */
export function evaluationMarkdown(evaluation: Evaluation, command: string, machine: string): string {
  const { model, synthetic, reliability, labelled, comparison, groups, stacks, peakElectrons } = evaluation;
  const noise =
    peakElectrons === null ? "none" : `Poisson, ${peakElectrons} photoelectrons in the brightest pixel`;
  const parts = [
    `# Evaluation of the model \`${model.name}\``,
    `Model SHA-256 \`${model.sha256}\`. Made by \`${command}\` on ${machine}.`,
  ];
  if (evaluation.leftOut.length > 0) {
    parts.push(`Left out:\n\n${evaluation.leftOut.map((line) => `- ${line}`).join("\n")}`);
  }
  if (synthetic) {
    parts.push(
      "## In-focus fields, defocused synthetically to each of the 11 levels",
      `Photon noise: ${noise}.`,
      table(ACCURACY_COLUMNS, [accuracyCells(synthetic)]),
      "Rows: true level; columns: judged level; counts of frames.",
      table(
        ["", ...synthetic.confusion.map((_, level) => String(level))],
        synthetic.confusion.map((row, level) => [
          `**${level}**`,
          ...row.map((count) => (count > 0 ? String(count) : "")),
        ]),
      ),
      "Mean error of the defocus (a real number, of which `level` is the nearest whole one), by true level:",
      table(
        synthetic.bias.map((_, level) => String(level)),
        [biasCells(synthetic)],
      ),
      "## The same frames at other gains and offsets, and with little light",
      table(["counts", ...ACCURACY_COLUMNS], exposureRows(evaluation)),
    );
  }
  if (reliability.frames) {
    parts.push(
      "## Confidence",
      "A confidence is the probability that the level lies within one of the true one; of frames and patches of known level, without \
photon noise and with little light. In brackets: 95 % of 200 resamples of the fields.",
      table(RELIABILITY_COLUMNS, reliabilityRows(reliability)),
    );
  }
  if (labelled) {
    parts.push(
      "## Published frames labelled in or out of focus",
      table(
        ["in focus", "out of focus", "F-score of the condition `in-focus`", "AUC of the expected level"],
        [
          [
            labelled.inFocus,
            labelled.outOfFocus,
            labelled.fScore?.toFixed(3) ?? "",
            labelled.areaUnderCurve?.toFixed(4) ?? "",
          ].map(String),
        ],
      ),
      labelled.errors.length > 0
        ? `Judged otherwise than labelled:\n\n${labelled.errors.map((line) => `- ${line}`).join("\n")}`
        : "None judged otherwise than labelled.",
    );
  }
  if (comparison) parts.push(...comparisonSection(comparison));
  if (groups.length > 0) {
    parts.push("## By source, stain, light and optics", table(GROUP_COLUMNS, groupRows(groups)));
  }
  if (stacks.length > 0) {
    parts.push(
      "## Real focal stacks",
      "Spearman's correlation of the expected level with the distance from the focal plane.",
      table(STACK_COLUMNS, stackRows(stacks)),
    );
  }
  return `${parts.join("\n\n")}\n`;
}
