import { svgPlot } from "../svg-plot.js";
import type { Plane, StackFit } from "./fit-stack.js";

const [WIDTH, HEIGHT, MARGIN] = [640, 400, 48];
const CURVE_POINTS = 200;

/** The levels of a stack over z with the fit through them, as SVG. */
export function stackPlot(planes: readonly Plane[], fit: StackFit, title: string): string {
  const z = planes.map(({ zUm }) => zUm);
  const [low, high] = [Math.min(...z), Math.max(...z)];
  const x = (zUm: number) => MARGIN + ((WIDTH - 2 * MARGIN) * (zUm - low)) / (high - low);
  const y = (level: number) => HEIGHT - MARGIN - ((HEIGHT - 2 * MARGIN) * level) / 10;
  const at = (zUm: number, level: number) => `${x(zUm).toFixed(1)},${y(level).toFixed(1)}`;
  const curve = Array.from({ length: CURVE_POINTS + 1 }, (_, i) => low + ((high - low) * i) / CURVE_POINTS);
  const levels = [0, 2, 4, 6, 8, 10].map(
    (level) =>
      `<line x1="${MARGIN}" x2="${WIDTH - MARGIN}" y1="${y(level)}" y2="${y(level)}" stroke="#ddd"/>` +
      `<text x="${MARGIN - 8}" y="${y(level) + 4}" text-anchor="end">${level}</text>`,
  );
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const zUm = low + share * (high - low);
    return `<text x="${x(zUm).toFixed(1)}" y="${HEIGHT - MARGIN + 18}" text-anchor="middle">${zUm.toFixed(1)}</text>`;
  });
  const focus =
    fit.focusUm >= low && fit.focusUm <= high
      ? `<line x1="${x(fit.focusUm).toFixed(1)}" x2="${x(fit.focusUm).toFixed(1)}" y1="${MARGIN}" y2="${HEIGHT - MARGIN}" stroke="#999" stroke-dasharray="4 4"/>`
      : "";
  const frame = { widthPx: WIDTH, heightPx: HEIGHT, title, xLabel: "z, um", yLabel: "level" };
  return svgPlot(frame, [
    ...levels,
    ...ticks,
    focus,
    `<polyline fill="none" stroke="#c2410c" stroke-width="1.5" points="${curve.map((zUm) => at(zUm, fit.levelAt(zUm))).join(" ")}"/>`,
    ...planes.map(({ zUm, level }) => {
      const [cx, cy] = at(zUm, level).split(",");
      return `<circle cx="${cx}" cy="${cy}" r="3" fill="#1d4ed8"/>`;
    }),
  ]);
}
