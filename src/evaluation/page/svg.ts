import { escapeMarkup } from "../../markup.js";

/** Attributes of an element; numbers are rounded to hundredths. */
type Attributes = Readonly<Record<string, string | number>>;

export function element(name: string, attributes: Attributes, content = ""): string {
  const text = Object.entries(attributes)
    .map(
      ([key, value]) =>
        ` ${key}="${typeof value === "number" ? Math.round(100 * value) / 100 : escapeMarkup(value)}"`,
    )
    .join("");
  return content === "" ? `<${name}${text}/>` : `<${name}${text}>${content}</${name}>`;
}

export function label(x: number, y: number, text: string, attributes: Attributes = {}): string {
  return element("text", { x, y, ...attributes }, escapeMarkup(text));
}

export function line(x1: number, y1: number, x2: number, y2: number, attributes: Attributes = {}): string {
  return element("line", { x1, y1, x2, y2, stroke: "#ddd", ...attributes });
}

/** A picture with a title that screen readers say. */
export function picture(width: number, height: number, title: string, parts: readonly string[]): string {
  const name = element("title", {}, escapeMarkup(title));
  return element(
    "svg",
    {
      ...{
        xmlns: "http://www.w3.org/2000/svg",
        viewBox: `0 0 ${width} ${height}`,
        width,
        height,
        role: "img",
      },
      ...{ "font-family": "sans-serif", "font-size": "11" },
    },
    name + parts.join(""),
  );
}

/** Where values of [low, high] lie between two places of a picture. */
export function scale([low, high]: readonly [number, number], [from, to]: readonly [number, number]) {
  return (value: number) => from + ((to - from) * (value - low)) / (high - low || 1);
}

export const MODEL_COLOURS = ["#1d4ed8", "#c2410c", "#15803d", "#7e22ce", "#0e7490"] as const;
export const GREY = "#9ca3af";
