import { COLOUR_SCALES } from "../colour-scales.js";
import { formatRow } from "../frames/wells.js";
import { escapeMarkup } from "../markup.js";
import { formatFor } from "../runs/plate.js";
import type { PlateScores } from "./plate-scores.js";

const MARGIN = 24;
const WIDTH = 620;
const LARGEST_WELL = 44;
/** Highest level. */
const HIGHEST = 10;

/** A plate as a picture (SVG): each well in the colour of its level, as on the dashboard; grey: nothing to judge. */
export function plateMap({ plate, channel, wells }: PlateScores): string {
  const format = formatFor(wells);
  if (format === undefined) return "";
  const { rows, columns } = format;
  const size = Math.min(LARGEST_WELL, (WIDTH - MARGIN) / columns);
  const [width, height] = [MARGIN + columns * size, MARGIN + rows * size];
  const text = (x: number, y: number, name: string | number) =>
    `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}">${name}</text>`;
  const names = [
    ...Array.from({ length: columns }, (_, i) => text(MARGIN + (i + 0.5) * size, MARGIN - 8, i + 1)),
    ...Array.from({ length: rows }, (_, i) => text(MARGIN - 12, MARGIN + (i + 0.5) * size + 4, formatRow(i))),
  ];
  const gap = Math.min(2, size / 8);
  const box = (row: number, column: number, fill: string, inside = "") =>
    `<rect x="${(MARGIN + column * size + gap / 2).toFixed(1)}" y="${(MARGIN + row * size + gap / 2).toFixed(1)}"` +
    ` width="${(size - gap).toFixed(1)}" height="${(size - gap).toFixed(1)}" rx="${(size / 8).toFixed(1)}"` +
    ` ${fill}>${inside}</rect>`;
  const known = new Map(wells.map((well) => [well.row * columns + well.column, well]));
  const boxes = Array.from({ length: rows * columns }, (_, place) => {
    const [row, column] = [Math.floor(place / columns), place % columns];
    const well = known.get(place);
    if (well === undefined) return box(row, column, 'class="none"');
    const { level, frames, notInFocus, judged } = well;
    const said = `${well.well}: ${level === undefined ? "nothing to judge" : `level ${level.toFixed(1)}`}, ${notInFocus} of ${judged} not in focus, ${frames} frames`;
    const fill = level === undefined ? 'class="blank"' : `fill="${COLOUR_SCALES.cividis(level / HIGHEST)}"`;
    return box(row, column, fill, `<title>${escapeMarkup(said)}</title>`);
  });
  const label = escapeMarkup(
    `Plate ${plate || "without a name"}, ${channel || "one channel"}, ${format.wells} wells`,
  );
  return `<svg viewBox="0 0 ${width.toFixed(0)} ${height.toFixed(0)}" width="${width.toFixed(0)}" role="img" aria-label="${label}">${names.join("")}${boxes.join("")}</svg>`;
}

/** What the colours of wells mean, as a picture. */
export function mapLegend(): string {
  const stops = Array.from({ length: HIGHEST + 1 }, (_, level) => {
    const fill = COLOUR_SCALES.cividis(level / HIGHEST);
    return `<rect x="${level * 20}" width="20" height="14" fill="${fill}"/><text x="${level * 20 + 10}" y="28">${level}</text>`;
  });
  return `<svg viewBox="0 0 220 32" width="220" role="img" aria-label="Colours of levels 0 to 10">${stops.join("")}</svg>`;
}
