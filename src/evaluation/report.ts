import { comparisonSection } from "./comparison-section.js";
import type { Accuracy, Evaluation } from "./evaluate.js";
import { table } from "./markdown-table.js";

/** The evaluation as a Markdown page, the command that made it at its head. */
export function evaluationMarkdown(evaluation: Evaluation, command: string, machine: string): string {
  const { model, synthetic, gains, offsets, labelled, comparison, stacks, peakElectrons } = evaluation;
  const noise =
    peakElectrons === null ? "none" : `Poisson, ${peakElectrons} photoelectrons in the brightest pixel`;
  const parts = [
    `# Evaluation of the model \`${model.name}\``,
    `Model SHA-256 \`${model.sha256}\`. Made by \`${command}\` on ${machine}.`,
  ];
  if (synthetic) {
    parts.push(
      "## In-focus fields, defocused synthetically to each of the 11 levels",
      `Photon noise: ${noise}.`,
      table(["frames", "exact", "within 1", "within 2"], [[String(synthetic.frames), ...shares(synthetic)]]),
      "Rows: true level; columns: judged level; counts of frames.",
      table(
        ["", ...synthetic.confusion.map((_, level) => String(level))],
        synthetic.confusion.map((row, level) => [
          `**${level}**`,
          ...row.map((count) => (count > 0 ? String(count) : "")),
        ]),
      ),
      "## The same frames at other gains and offsets",
      table(
        ["counts", "exact", "within 1", "within 2"],
        [
          ...gains.map(({ gain, ...accuracy }) => [`times ${gain}`, ...shares(accuracy)]),
          ...offsets.map(({ offsetCounts, ...accuracy }) => [`plus ${offsetCounts}`, ...shares(accuracy)]),
        ],
      ),
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
            labelled.fScore.toFixed(3),
            labelled.areaUnderCurve.toFixed(4),
          ].map(String),
        ],
      ),
      labelled.errors.length > 0
        ? `Judged otherwise than labelled:\n\n${labelled.errors.map((line) => `- ${line}`).join("\n")}`
        : "None judged otherwise than labelled.",
    );
  }
  if (comparison) parts.push(...comparisonSection(comparison));
  if (stacks.length > 0) {
    parts.push(
      "## Real focal stacks",
      "Spearman's correlation of the expected level with the distance from the focal plane.",
      table(
        ["stack", "planes", "Spearman"],
        stacks.map(({ stackId, planes, spearman }) => [stackId, String(planes), spearman.toFixed(3)]),
      ),
    );
  }
  return `${parts.join("\n\n")}\n`;
}

function shares({
  exact,
  withinOne,
  withinTwo,
}: Pick<Accuracy, "exact" | "withinOne" | "withinTwo">): string[] {
  return [exact, withinOne, withinTwo].map((share) => `${(100 * share).toFixed(1)} %`);
}
