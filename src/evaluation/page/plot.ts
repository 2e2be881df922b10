import { element, label, line, picture, scale } from "./svg.js";

const [WIDTH, HEIGHT, MARGIN] = [360, 300, 44];

interface Axis {
  readonly title: string;
  readonly range: readonly [number, number];
}

/** Points, or a line through them. Points of no area get their own radius. */
export interface Series {
  readonly name: string;
  readonly colour: string;
  readonly kind: "points" | "line";
  readonly points: readonly { readonly x: number; readonly y: number; readonly hint?: string }[];
}

/** Points and lines over two axes, with a legend of the series that have a name. */
export function plot(title: string, across: Axis, up: Axis, series: readonly Series[]): string {
  const x = scale(across.range, [MARGIN, WIDTH - 12]);
  const y = scale(up.range, [HEIGHT - MARGIN, 26]);
  const ticks = [0, 0.25, 0.5, 0.75, 1].flatMap((share) => {
    const at = ([low, high]: readonly [number, number]) => low + share * (high - low);
    const [across_, up_] = [at(across.range), at(up.range)];
    return [
      line(x(across_), 26, x(across_), HEIGHT - MARGIN),
      line(MARGIN, y(up_), WIDTH - 12, y(up_)),
      label(x(across_), HEIGHT - MARGIN + 14, short(across_), { "text-anchor": "middle" }),
      label(MARGIN - 5, y(up_) + 4, short(up_), { "text-anchor": "end" }),
    ];
  });
  const drawn = series.flatMap(({ colour, kind, points }) => {
    if (kind === "line") {
      const path = points.map((point) => `${x(point.x).toFixed(1)},${y(point.y).toFixed(1)}`).join(" ");
      return element("polyline", { points: path, fill: "none", stroke: colour, "stroke-width": "1.5" });
    }
    return points.map((point) => {
      const hint = point.hint === undefined ? "" : element("title", {}, label(0, 0, point.hint));
      return element(
        "circle",
        { cx: x(point.x), cy: y(point.y), r: 3, fill: colour, "fill-opacity": 0.6 },
        hint,
      );
    });
  });
  const named = series.filter(({ name }) => name !== "");
  const legend = named.flatMap(({ name, colour }, i) => [
    element("rect", { x: MARGIN + 8, y: 32 + 14 * i, width: 8, height: 8, fill: colour }),
    label(MARGIN + 20, 40 + 14 * i, name),
  ]);
  const middle = HEIGHT / 2;
  return picture(WIDTH, HEIGHT, title, [
    label(WIDTH / 2, 16, title, { "text-anchor": "middle" }),
    ...ticks,
    label((WIDTH + MARGIN) / 2, HEIGHT - 10, across.title, { "text-anchor": "middle" }),
    label(12, middle, up.title, { "text-anchor": "middle", transform: `rotate(-90 12 ${middle})` }),
    ...drawn,
    ...legend,
  ]);
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)));
}
