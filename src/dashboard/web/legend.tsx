import { COLOUR_SCALES, type ScaleName } from "../../colour-scales.js";
import { GLYPH_WORDS, GlyphMark } from "./glyphs.js";
import type { Glyph, Metric } from "./wells.js";

const ENDS: Readonly<Record<Metric, readonly [string, string]>> = {
  level: ["0 in focus", "10 out of focus"],
  certainty: ["certain", "uncertain"],
  z: ["lowest z", "highest z"],
};

/** What colours, hatching and glyphs mean. */
export function Legend({ scale, metric }: { readonly scale: ScaleName; readonly metric: Metric }) {
  const stops = Array.from({ length: 11 }, (_, i) => `${COLOUR_SCALES[scale](i / 10)} ${i * 10}%`);
  return (
    <div class="legend">
      <span>{ENDS[metric][0]}</span>
      <span class="bar" style={{ background: `linear-gradient(to right, ${stops.join(", ")})` }} />
      <span>{ENDS[metric][1]}</span>
      <span class="key">
        <svg viewBox="0 0 16 16" aria-hidden="true">
          <rect class="well-edge" x="1" y="1" width="14" height="14" rx="3" />
        </svg>
        not imaged
      </span>
      <span class="key">
        <svg viewBox="0 0 16 16" aria-hidden="true">
          <rect x="1" y="1" width="14" height="14" rx="3" fill={COLOUR_SCALES[scale](0.3)} />
          <rect x="1" y="1" width="14" height="14" rx="3" fill="url(#hatch)" />
        </svg>
        low certainty
      </span>
      {(Object.keys(GLYPH_WORDS) as Glyph[]).map((glyph) => (
        <span class="key" key={glyph}>
          <svg viewBox="0 0 16 16" aria-hidden="true">
            <rect x="1" y="1" width="14" height="14" rx="3" fill={COLOUR_SCALES[scale](0.3)} />
            <GlyphMark glyph={glyph} x={8} y={8} size={16} />
          </svg>
          {GLYPH_WORDS[glyph]}
        </span>
      ))}
    </div>
  );
}

/** The hatching of what is uncertain, for all drawings of the page. */
export function HatchPattern() {
  return (
    <svg class="definitions" aria-hidden="true">
      <defs>
        <pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
          <line class="hatch-edge" x1="0" y1="0" x2="0" y2="5" />
          <line class="hatch-line" x1="1.4" y1="0" x2="1.4" y2="5" />
        </pattern>
      </defs>
    </svg>
  );
}
