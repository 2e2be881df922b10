import { escapeMarkup } from "../markup.js";
import { mapLegend, plateMap } from "./plate-map.js";
import { type PlateScores, wellsToLookAt } from "./plate-scores.js";

/** Rows of the list of wells to look at. */
const MOST_WELLS = 500;

const STYLE = `
:root { color-scheme: light dark; font: 15px/1.45 system-ui, sans-serif; }
body { max-width: 68rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
table { border-collapse: collapse; } th, td { padding: 0.15rem 0.9rem 0.15rem 0; text-align: left; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
svg text { font-size: 11px; text-anchor: middle; fill: currentColor; }
svg { max-width: 100%; } .none { fill: none; stroke: #8884; } .blank { fill: #8886; }
.maps { display: flex; flex-wrap: wrap; gap: 1.5rem; } figure { margin: 0; }`;

export interface ReportFacts {
  /** What the report is about. */
  readonly title: string;
  /** Pages that could not be scored. */
  readonly notScored: number;
}

/** Plates as a page that needs nothing else: maps of the wells, frames by condition, wells to look at. */
export function plateReport(plates: readonly PlateScores[], { title, notScored }: ReportFacts): string {
  const frames = plates.reduce((sum, plate) => sum + plate.frames, 0);
  const toLookAt = wellsToLookAt(plates);
  const names = new Set(plates.map(({ plate }) => plate));
  const section = (name: string) =>
    plateSection(
      name,
      plates.filter(({ plate }) => plate === name),
    );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeMarkup(title)}</title><style>${STYLE}</style></head><body>
<h1>${escapeMarkup(title)}</h1>
<p>${count(frames, "frame")} scored${notScored > 0 ? `, ${notScored} could not be` : ""}. Colours: mean level of a well, 0 in focus to 10; grey: nothing to judge.</p>
${mapLegend()}
${[...names].map(section).join("\n")}
<h2>Wells to look at</h2>
${wellTable(toLookAt)}
</body></html>
`;
}

function plateSection(plate: string, channels: readonly PlateScores[]): string {
  const rows = channels.flatMap(({ channel, conditions }) =>
    conditions.map(([condition, frames]) => [text(channel || "-"), text(condition), number(frames)]),
  );
  const maps = channels
    .map((channel) => ({ name: channel.channel, map: plateMap(channel) }))
    .filter(({ map }) => map !== "")
    .map(
      ({ name, map }) =>
        `<figure><figcaption>${escapeMarkup(name || "all frames")}</figcaption>${map}</figure>`,
    );
  return `<h2>${plate === "" ? "Images without a plate" : `Plate ${escapeMarkup(plate)}`}</h2>
<div class="maps">${maps.join("\n")}</div>
${table(["channel", "condition", "frames"], rows)}`;
}

function wellTable(wells: ReturnType<typeof wellsToLookAt>): string {
  if (wells.length === 0) return "<p>None: every frame that can be judged is in focus.</p>";
  const rows = wells
    .slice(0, MOST_WELLS)
    .map(({ plate, channel, well, notInFocus, judged, level }) => [
      ...[text(plate || "-"), text(well), text(channel || "-"), number(notInFocus), number(judged)],
      number(level === undefined ? "-" : level.toFixed(1)),
    ]);
  const more = wells.length - rows.length;
  const header = ["plate", "well", "channel", "not in focus", "of", "level"];
  return table(header, rows) + (more > 0 ? `<p>And ${count(more, "more well", "more wells")}.</p>` : "");
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const body = rows.map((cells) => `<tr>${cells.join("")}</tr>`).join("\n");
  const head = header.map((name) => `<th>${name}</th>`).join("");
  return `<table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table>`;
}

function text(value: string): string {
  return `<td>${escapeMarkup(value)}</td>`;
}

function number(value: number | string): string {
  return `<td class="number">${value}</td>`;
}

function count(value: number, one: string, many = `${one}s`): string {
  return `${value} ${value === 1 ? one : many}`;
}
