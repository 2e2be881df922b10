import type { Estimate } from "../bootstrap.js";
import { element, label, line, picture, scale } from "./svg.js";

const [NAME_PX, BAR_PX, ROW_PX, TOP_PX] = [230, 420, 20, 26];

/** Bars of values from 0 to 1, each with its interval, the best first. */
export function intervalChart(
  title: string,
  rows: readonly { readonly name: string; readonly score: Estimate; readonly colour: string }[],
): string {
  const sorted = rows.toSorted((a, b) => b.score.value - a.score.value);
  const x = scale([0, 1], [NAME_PX, NAME_PX + BAR_PX]);
  const bottom = TOP_PX + sorted.length * ROW_PX;
  const ticks = [0, 0.25, 0.5, 0.75, 1].flatMap((value) => [
    line(x(value), TOP_PX, x(value), bottom),
    label(x(value), bottom + 14, String(value), { "text-anchor": "middle" }),
  ]);
  const bars = sorted.flatMap(({ name, score, colour }, i) => {
    const middle = TOP_PX + (i + 0.5) * ROW_PX;
    const width = x(Math.max(0, score.value)) - x(0);
    return [
      label(NAME_PX - 6, middle + 4, name, { "text-anchor": "end" }),
      element("rect", { x: x(0), y: middle - 6, width, height: 12, fill: colour }),
      line(x(score.low), middle, x(score.high), middle, { stroke: "#111" }),
      label(NAME_PX + BAR_PX + 8, middle + 4, score.value.toFixed(3)),
    ];
  });
  return picture(NAME_PX + BAR_PX + 60, bottom + 24, title, [
    label(NAME_PX + BAR_PX / 2, 16, title, { "text-anchor": "middle" }),
    ...ticks,
    ...bars,
  ]);
}
