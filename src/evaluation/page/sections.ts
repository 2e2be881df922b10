/**
 * The parts of the report that belong to one model.
 * @module
 */
import { LEVELS } from "../../focus/levels.js";
import { escapeMarkup } from "../../markup.js";
import type { Comparison } from "../compare-metrics.js";
import type { Evaluation } from "../evaluate.js";
import {
  ACCURACY_COLUMNS,
  biasCells,
  COMPARISON_COLUMNS,
  comparisonRows,
  exposureRows,
  GROUP_COLUMNS,
  groupRows,
  percent,
  RELIABILITY_COLUMNS,
  reliabilityRows,
  STACK_COLUMNS,
  sampleText,
  stackRows,
} from "../figures.js";
import type { Reliability } from "../reliability.js";
import { heatMap } from "./heat-map.js";
import { intervalChart } from "./interval-chart.js";
import { plot, type Series } from "./plot.js";
import { GREY, MODEL_COLOURS } from "./svg.js";

export function heading(rank: 1 | 2 | 3, text: string): string {
  return `<h${rank}>${escapeMarkup(text)}</h${rank}>`;
}

export function paragraph(text: string): string {
  return `<p>${escapeMarkup(text)}</p>`;
}

/** Pictures beside one another. */
export function figure(pictures: readonly string[], caption: string): string {
  return `<figure>${pictures.join("")}<figcaption>${escapeMarkup(caption)}</figcaption></figure>`;
}

export function htmlTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (tag: "th" | "td", texts: readonly string[]) =>
    `<tr>${texts.map((text) => `<${tag}>${escapeMarkup(text)}</${tag}>`).join("")}</tr>`;
  return `<table><thead>${cells("th", head)}</thead><tbody>${rows.map((row) => cells("td", row)).join("")}</tbody></table>`;
}

/** F-scores and areas of a model beside other models and the classical measures (Fig. 3 of the paper). */
export function comparisonPart(name: string, comparison: Comparison | undefined): string[] {
  if (comparison === undefined) return [];
  const { tuning, judged, resamples, model, rivals, measures } = comparison;
  const all = [
    { name, ...model, colour: MODEL_COLOURS[0] },
    ...rivals.map((rival) => ({ ...rival, colour: MODEL_COLOURS[1] })),
    ...measures.map((measure) => ({ ...measure, colour: GREY })),
  ];
  const bars = (pick: "fScore" | "areaUnderCurve", title: string) =>
    intervalChart(
      title,
      all.map((judge) => ({ name: judge.name, score: judge[pick], colour: judge.colour })),
    );
  return [
    heading(3, "F-score by measure (Fig. 3 of the paper)"),
    paragraph(
      `Each measure got the threshold and the direction that suit ${sampleText(tuning)} best; all were judged on the other \
${sampleText(judged)}. Models need no threshold: the F-score is that of the condition in-focus, the area that of the expected level. \
Lines and brackets: 95 % of ${resamples} resamples of the fields. p: two-sided bootstrap test of the paired difference.`,
    ),
    figure(
      [bars("fScore", "F-score of in focus"), bars("areaUnderCurve", "Area under the curve")],
      "Models in colour, classical measures in grey.",
    ),
    htmlTable(COMPARISON_COLUMNS, comparisonRows(name, comparison)),
  ];
}

/** Levels of synthetic frames, at each gain and offset (Fig. 4 of the paper) and with little light. */
export function syntheticPart({ synthetic, gains, offsets, lights }: Evaluation): string[] {
  if (synthetic === undefined) return [];
  return [
    heading(3, "Synthetic defocus at each gain and offset (Fig. 4 of the paper)"),
    paragraph("Rows: true level; columns: judged level. Each row is shaded by its shares."),
    figure(
      [
        ...gains.map(({ gain, confusion }) => heatMap(`counts times ${gain}`, confusion)),
        ...offsets.map(({ offsetCounts, confusion }) => heatMap(`counts plus ${offsetCounts}`, confusion)),
        ...lights.map(({ peakElectrons, confusion }) => heatMap(`${peakElectrons} electrons`, confusion)),
      ],
      "Judged levels of the same fields, defocused synthetically.",
    ),
    htmlTable(["counts", ...ACCURACY_COLUMNS], exposureRows({ gains, offsets, lights })),
    heading(3, "Bias"),
    htmlTable(
      ["true level", ...synthetic.bias.map((_, level) => String(level))],
      [["mean error of the defocus, levels", ...biasCells(synthetic)]],
    ),
  ];
}

/** Confidence over the share that was right, for frames and patches. */
export function reliabilityPart({ reliability }: Evaluation): string[] {
  const { frames, patches } = reliability;
  if (frames === undefined || patches === undefined) return [];
  return [
    heading(3, "Reliability"),
    paragraph(
      "A confidence is the probability that the level lies within one of the true one. Frames and patches of known level: \
without photon noise, and with 1000 and 100 electrons in the brightest pixel.",
    ),
    figure(
      [reliabilityPlot("Frames", frames), reliabilityPlot("Patches", patches)],
      "On the line, confidences can be taken at their word.",
    ),
    htmlTable(RELIABILITY_COLUMNS, reliabilityRows(reliability)),
  ];
}

function reliabilityPlot(title: string, { bins }: Reliability): string {
  const points = bins.flatMap(({ confidence, right, count }) =>
    confidence === undefined || right === undefined
      ? []
      : [{ x: confidence, y: right, hint: `${count} at ${confidence.toFixed(2)}: ${percent(right)} right` }],
  );
  const [diagonal, drawn] = [[0, 1].map((value) => ({ x: value, y: value })), { colour: MODEL_COLOURS[0] }];
  return plot(title, { title: "confidence", range: [0, 1] }, { title: "share right", range: [0, 1] }, [
    { name: "", kind: "line", colour: GREY, points: diagonal },
    { name: "", kind: "line", ...drawn, points },
    { name: "", kind: "points", ...drawn, points },
  ]);
}

export function groupsPart({ groups }: Evaluation): string[] {
  if (groups.length === 0) return [];
  return [heading(3, "By source, stain, light and optics"), htmlTable(GROUP_COLUMNS, groupRows(groups))];
}

export function stacksPart({ stacks }: Evaluation): string[] {
  if (stacks.length === 0) return [];
  const plots = stacks.map(({ stackId, curve }) => {
    const zs = curve.map(([zUm]) => zUm);
    const series: Pick<Series, "name" | "colour" | "points"> = {
      ...{ name: "", colour: MODEL_COLOURS[0] },
      points: curve.map(([zUm, level]) => ({ x: zUm, y: level })),
    };
    return plot(
      stackId,
      { title: "z, um", range: [Math.min(...zs), Math.max(...zs)] },
      { title: "expected level", range: [0, LEVELS - 1] },
      [
        { ...series, kind: "line" },
        { ...series, kind: "points" },
      ],
    );
  });
  return [
    heading(3, "Real focal stacks"),
    figure(plots, "Expected level of each plane."),
    htmlTable(STACK_COLUMNS, stackRows(stacks)),
  ];
}
