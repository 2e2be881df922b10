import { useState } from "preact/hooks";
import { COLOUR_SCALES, type ScaleName } from "../../colour-scales.js";
import { siteName, stateWords } from "./formats.js";
import { GlyphMark } from "./glyphs.js";
import type { PageState } from "./page-state.js";
import { fractionOf, rangeOf } from "./plate-map.js";
import { placeOf, type RovingTargets, rovingKeys } from "./roving-focus.js";
import { type PlateChoice, summed, worstOf } from "./wells.js";

const WIDTH = 720;
const HEIGHT = 460;
const MARGIN = 30;

export interface StageMapProps {
  readonly page: PageState;
  readonly choice: PlateChoice;
  readonly scale: ScaleName;
  readonly minCertainty: number;
}

/** Positions of a slide or of a free list, where the stage has them; those without x and y stand in rows below. */
export function StageMap({ page, choice, scale, minCertainty }: StageMapProps) {
  page.changedSites.clear();
  const [focus, setFocus] = useState(0);
  const sites = page.table.sites
    .map((site, number) => ({ site, number }))
    .filter(({ site }) => (site.plate ?? "") === choice.plate);
  if (sites.length === 0) return <p class="empty">No sites yet.</p>;
  const stop = focus < sites.length ? focus : 0;
  const points = placed(sites.map(({ site }) => ({ xUm: site.xUm, yUm: site.yUm })));
  const size = Math.max(8, Math.min(34, 0.7 * nearest(points)));
  const drawn = sites.map(({ site, number: index }, i) => {
    const states = page.states
      .ofSite(index, choice.timeIndex)
      .filter(({ channel }) => choice.channel === undefined || channel === choice.channel);
    return { site, index, point: points[i]!, ...summed(states, choice), worst: worstOf(states) };
  });
  const values = drawn.flatMap(({ value }) => value ?? []);
  const range = rangeOf(values, choice.metric);
  const selected = page.shownState()?.site;
  const choose = (i: number) => {
    const worst = drawn[i]?.worst;
    if (worst === undefined) return;
    setFocus(i);
    page.select({ site: worst.site, channel: worst.channel, timeIndex: worst.timeIndex });
  };
  const targets: RovingTargets = {
    next: (place, across, down) => {
      const next = place + across + down;
      return next >= 0 && next < drawn.length ? next : undefined;
    },
    moved: setFocus,
    choose,
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: there is no fieldset in SVG.
    <svg
      class="plate"
      data-testid="stage-map"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="group"
      aria-label={`Stage with ${sites.length} positions`}
      onKeyDown={(event) => rovingKeys(event, targets)}
      onClick={(event) => {
        const place = placeOf(event);
        if (place !== undefined) choose(place);
      }}
    >
      {drawn.map(({ site, index, point, value, certainty, glyph, worst }, i) => {
        const box = { x: point.x - size / 2, y: point.y - size / 2, width: size, height: size, rx: size / 5 };
        const isUncertain = certainty !== undefined && certainty < minCertainty;
        return (
          // biome-ignore lint/a11y/useSemanticElements: there is no button element in SVG.
          <g
            key={index}
            role="button"
            class={index === selected ? "well current" : "well"}
            data-place={i}
            tabindex={i === stop ? 0 : -1}
            aria-label={`${siteName(site)} ${stateWords(worst)}`}
            aria-pressed={index === selected}
          >
            <rect class="well-edge" {...box} />
            {value !== undefined && (
              <rect {...box} fill={COLOUR_SCALES[scale](fractionOf(value, choice.metric, range))} />
            )}
            {isUncertain && <rect {...box} fill="url(#hatch)" />}
            {glyph !== undefined && <GlyphMark glyph={glyph} x={point.x} y={point.y} size={size} />}
            {index === selected && (
              <rect
                class="well-current"
                x={box.x - 2}
                y={box.y - 2}
                width={size + 4}
                height={size + 4}
                rx={4}
              />
            )}
          </g>
        );
      })}
    </svg>
  );
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** Places positions in the drawing, both axes to the same scale. */
function placed(positions: readonly { xUm?: number | undefined; yUm?: number | undefined }[]): Point[] {
  const known = positions.filter(({ xUm, yUm }) => xUm !== undefined && yUm !== undefined);
  const xs = known.map(({ xUm }) => xUm!);
  const ys = known.map(({ yUm }) => yUm!);
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const spans = [Math.max(...xs) - left, Math.max(...ys) - top];
  const perUm = Math.min((WIDTH - 2 * MARGIN) / (spans[0] || 1), (HEIGHT - 3 * MARGIN) / (spans[1] || 1));
  const pitch = pitchOf(positions.length - known.length);
  const columns = Math.floor((WIDTH - 2 * MARGIN) / pitch);
  let without = 0;
  const besides = (): Point => {
    const [row, column] = [Math.floor(without / columns), without % columns];
    without++;
    return { x: MARGIN + column * pitch, y: HEIGHT - MARGIN / 2 - row * pitch };
  };
  return positions.map(({ xUm, yUm }) =>
    xUm === undefined || yUm === undefined
      ? besides()
      : { x: MARGIN + (xUm - left) * perUm, y: MARGIN + (yUm - top) * perUm },
  );
}

/** Distance of those that have no place, in rows: the usual one, or less where they are too many for that. */
function pitchOf(count: number): number {
  for (let pitch = 24; pitch > 1; pitch--) {
    const room = Math.floor((WIDTH - 2 * MARGIN) / pitch) * Math.floor((HEIGHT - MARGIN) / pitch);
    if (room >= count) return pitch;
  }
  return 1;
}

/** Typical distance from one position to the next in the list. */
function nearest(points: readonly Point[]): number {
  const steps = points
    .slice(1)
    .map(({ x, y }, i) => Math.hypot(x - points[i]!.x, y - points[i]!.y))
    .filter((step) => step > 0)
    .sort((a, b) => a - b);
  return steps[Math.floor(steps.length / 4)] ?? 40;
}
