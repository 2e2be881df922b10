import { CONDITIONS } from "../../focus/report.js";
import { escapeMarkup } from "../../markup.js";
import type { Evaluation } from "../evaluate.js";
import { imageTag } from "./image.js";
import type { PatchGallery } from "./patch-gallery.js";
import { plot } from "./plot.js";
import type { RegimeGallery } from "./regime-gallery.js";
import {
  comparisonPart,
  figure,
  groupsPart,
  heading,
  htmlTable,
  paragraph,
  reliabilityPart,
  stacksPart,
  syntheticPart,
} from "./sections.js";
import { MODEL_COLOURS } from "./svg.js";

/** One model's evaluation and the pictures that were kept while it ran. */
export interface EvaluatedModel {
  /** What it is called in this report; no two alike. */
  readonly label: string;
  readonly evaluation: Evaluation;
  readonly patches: PatchGallery;
  readonly regimes: RegimeGallery;
}

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;max-width:1100px;margin:2rem auto;padding:0 1rem;color:#111}
table{border-collapse:collapse;font-size:13px;margin:1rem 0}td,th{border:1px solid #ddd;padding:2px 8px;text-align:left}
figure{margin:1rem 0}figcaption{color:#555;font-size:13px}img,svg{max-width:100%;height:auto;margin:0 8px 8px 0}
code{overflow-wrap:anywhere}`;

/** The evaluation of one or several models as one HTML file that needs nothing else. */
export function reportPage(models: readonly EvaluatedModel[], command: string, machine: string): string {
  const title = `Evaluation of ${models.map(({ label }) => label).join(", ")}`;
  const body = [
    heading(1, title),
    `<p>Made by <code>${escapeMarkup(command)}</code> on ${escapeMarkup(machine)}.</p>`,
    htmlTable(
      ["model", "SHA-256", "images", "labelled in, out"],
      models.map(({ label, evaluation: { model, frames, labelled } }) => [
        ...[label, model.sha256, String(frames.length)],
        labelled === undefined ? "" : `${labelled.inFocus}, ${labelled.outOfFocus}`,
      ]),
    ),
    ...models.flatMap(modelParts),
  ];
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escapeMarkup(title)}</title>\
<style>${STYLE}</style></head><body>${body.join("\n")}</body></html>\n`;
}

function modelParts({ label, evaluation, patches, regimes }: EvaluatedModel): string[] {
  return [
    heading(2, label),
    ...comparisonPart(label, evaluation.comparison),
    ...labelledPart(evaluation),
    ...regimesPart(evaluation, regimes),
    ...syntheticPart(evaluation),
    ...reliabilityPart(evaluation),
    heading(3, "Patches by level and certainty (Figs. 6 and 7 of the paper)"),
    figure(
      [imageTag(patches.byLevelAndCertainty(), "patches by level and certainty")],
      "Rows: judged level, 0 to 10. Columns: certainty, from 0 on the left to 1 on the right. White: no such patch.",
    ),
    ...(["most", "least"] as const).map((which) =>
      figure(
        [imageTag(patches.extremes(which), `patches with the ${which} certainty`)],
        `The ${which} certain patches of each level, 0 to 10.`,
      ),
    ),
    ...groupsPart(evaluation),
    ...stacksPart(evaluation),
  ];
}

function labelledPart({ labelled }: Evaluation): string[] {
  if (labelled === undefined) return [];
  return [
    heading(3, "Judged otherwise than labelled"),
    labelled.errors.length === 0
      ? paragraph("None.")
      : `<ul>${labelled.errors.map((error) => `<li>${escapeMarkup(error)}</li>`).join("")}</ul>`,
  ];
}

/** Mean over aggregate certainty of every image, and those that lie deepest in each corner. */
function regimesPart({ frames }: Evaluation, gallery: RegimeGallery): string[] {
  const series = CONDITIONS.map((condition, i) => ({
    ...{ name: condition, kind: "points" as const, colour: MODEL_COLOURS[i]! },
    points: frames
      .filter((frame) => frame.condition === condition)
      .map(({ meanCertainty: x, aggregateCertainty: y, file: hint }) => ({ x, y, hint })),
  })).filter(({ points }) => points.length > 0);
  return [
    heading(3, "Four regimes of certainty (Fig. 2 of the paper)"),
    figure(
      [
        plot(
          "Certainty of the images",
          { title: "mean certainty of the patches", range: [0, 1] },
          { title: "aggregate certainty", range: [0, 1] },
          series,
        ),
      ],
      "One point an image.",
    ),
    ...gallery.regimes().map(({ name, examples }) =>
      figure(
        examples.map(({ image, name: file }) => imageTag(image, file)),
        `${name}: ${examples.map(({ name: file }) => file).join(", ")}`,
      ),
    ),
  ];
}
