import { escapeMarkup } from "./markup.js";

/** Of a plot with two axes. */
export interface PlotFrame {
  readonly widthPx: number;
  readonly heightPx: number;
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
}

/** A plot with its title and the names of its axes, as SVG. @param parts what it shows, as SVG. */
export function svgPlot(
  { widthPx, heightPx, title, xLabel, yLabel }: PlotFrame,
  parts: readonly string[],
): string {
  const [centre, middle] = [widthPx / 2, heightPx / 2];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${widthPx}" height="${heightPx}" viewBox="0 0 ${widthPx} ${heightPx}" font-family="sans-serif" font-size="12">`,
    `<rect width="${widthPx}" height="${heightPx}" fill="#fff"/>`,
    `<text x="${centre}" y="24" text-anchor="middle" font-size="14">${escapeMarkup(title)}</text>`,
    `<text x="${centre}" y="${heightPx - 10}" text-anchor="middle">${escapeMarkup(xLabel)}</text>`,
    `<text x="14" y="${middle}" text-anchor="middle" transform="rotate(-90 14 ${middle})">${escapeMarkup(yLabel)}</text>`,
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}
