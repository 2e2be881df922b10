import type { Glyph } from "./wells.js";

/** What each glyph means, in the order of the legend. */
export const GLYPH_WORDS: Readonly<Record<Glyph, string>> = {
  recovered: "recovered by refocusing",
  searching: "being refocused",
  flagged: "flagged: look at it",
  unscored: "not scored",
  blank: "nothing to judge",
  fine: "marked fine",
  bad: "marked bad",
};

export interface GlyphMarkProps {
  readonly glyph: Glyph;
  /** Middle, in the units of the drawing. */
  readonly x: number;
  readonly y: number;
  /** Side of the square that it stands in. */
  readonly size: number;
}

/** A mark that can be told without its colour; a light edge makes it stand out from any fill. */
export function GlyphMark({ glyph, x, y, size }: GlyphMarkProps) {
  const r = Math.max(1.6, Math.min(9, size * 0.26));
  return (
    <g class="glyph" transform={`translate(${x} ${y})`} style={{ "--glyph-width": Math.max(0.8, r / 4) }}>
      <path class="glyph-edge" d={PATHS[glyph](r)} />
      <path class={`glyph-line glyph-${glyph}`} d={PATHS[glyph](r)} />
    </g>
  );
}

const circle = (r: number) => `M ${-r} 0 a ${r} ${r} 0 1 0 ${2 * r} 0 a ${r} ${r} 0 1 0 ${-2 * r} 0`;

const PATHS: Readonly<Record<Glyph, (r: number) => string>> = {
  recovered: circle,
  searching: (r) =>
    `M ${-r} 0 A ${r} ${r} 0 0 1 ${r} 0 M ${r} 0 l ${-r * 0.5} ${-r * 0.3} M ${r} 0 l ${r * 0.35} ${-r * 0.5}`,
  flagged: (r) => `M ${-r} ${-r} L ${r} ${r} M ${r} ${-r} L ${-r} ${r}`,
  unscored: (r) => `M 0 ${-r} L 0 ${r * 0.3} M 0 ${r * 0.85} L 0 ${r}`,
  blank: (r) => `M ${-r} 0 L ${r} 0`,
  fine: (r) => `M ${-r} 0 L ${-r * 0.2} ${r * 0.8} L ${r} ${-r * 0.8}`,
  bad: (r) => `M ${-r * 0.6} ${r} L ${-r * 0.6} ${-r} L ${r * 0.8} ${-r * 0.45} L ${-r * 0.6} ${r * 0.1}`,
};
