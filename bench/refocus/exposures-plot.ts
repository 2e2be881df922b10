/**
 * Exposures against final error, as a plot: what each search pays, and what it gets.
 * @module
 */
import { escapeMarkup } from "../../src/markup.js";
import { quantile } from "../../src/statistics.js";
import { svgPlot } from "../../src/svg-plot.js";
import type { SourceRow } from "./sources.js";

const [WIDTH, HEIGHT, MARGIN] = [720, 440, 56];
/** Both axes are logarithmic: exposures of a displaced site, and levels from focus of the frame that is kept. */
const [FEWEST, MOST] = [1, 32];
const [LEAST, FARTHEST] = [0.02, 20];
const COLOURS = ["#c2410c", "#1d4ed8", "#15803d", "#7e22ce", "#a16207"];

/** A point for the median of each row, a line from there to its 90 % quantile. */
export function exposuresPlot(rows: readonly SourceRow[], title: string): string {
  const methods = [...new Set(rows.map(({ method }) => method))];
  const x = (exposures: number) => MARGIN + (WIDTH - 2 * MARGIN) * along(exposures, FEWEST, MOST);
  const y = (levels: number) => HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * along(levels, LEAST, FARTHEST);
  const horizontal = [0.05, 0.2, 1, 5, 20].map(
    (levels) =>
      `<line x1="${MARGIN}" x2="${WIDTH - MARGIN}" y1="${y(levels)}" y2="${y(levels)}" stroke="${levels === 1 ? "#999" : "#e5e5e5"}"/>` +
      `<text x="${MARGIN - 8}" y="${y(levels) + 4}" text-anchor="end">${levels}</text>`,
  );
  const vertical = [1, 2, 4, 8, 16, 32].map(
    (exposures) =>
      `<text x="${x(exposures)}" y="${HEIGHT - MARGIN + 18}" text-anchor="middle">${exposures}</text>`,
  );
  const points = rows.flatMap(({ method, source, setting, extraDisplaced, finalLevels }) => {
    if (finalLevels.length === 0) return [];
    const colour = COLOURS[methods.indexOf(method) % COLOURS.length]!;
    const [median, ninth] = [0.5, 0.9].map((share) => quantile(finalLevels, share)) as [number, number];
    const at = x(1 + extraDisplaced);
    return [
      `<line x1="${at}" x2="${at}" y1="${y(median)}" y2="${y(ninth)}" stroke="${colour}" stroke-opacity="0.5"/>` +
        `<circle cx="${at}" cy="${y(median)}" r="4" fill="${colour}"><title>${escapeMarkup(`${method}; ${source}, ${setting}`)}</title></circle>`,
    ];
  });
  const legend = methods.map(
    (method, i) =>
      `<circle cx="${WIDTH - 230}" cy="${MARGIN + 18 * i}" r="4" fill="${COLOURS[i % COLOURS.length]}"/>` +
      `<text x="${WIDTH - 218}" y="${MARGIN + 4 + 18 * i}">${escapeMarkup(method)}</text>`,
  );
  const [xLabel, yLabel] = [
    "exposures of a displaced site, mean",
    "levels from focus in the end: median, and line to 90 %",
  ];
  return svgPlot({ widthPx: WIDTH, heightPx: HEIGHT, title, xLabel, yLabel }, [
    ...horizontal,
    ...vertical,
    ...points,
    ...legend,
  ]);
}

/** Where a value lies along a logarithmic axis, 0 to 1. */
function along(value: number, from: number, to: number): number {
  const share = Math.log(value / from) / Math.log(to / from);
  return Math.min(1, Math.max(0, share));
}
