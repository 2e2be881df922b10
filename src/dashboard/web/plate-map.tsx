import { memo } from "preact/compat";
import { useMemo, useState } from "preact/hooks";
import { COLOUR_SCALES, type ScaleName } from "../../colour-scales.js";
import { formatRow, formatWell } from "../../frames/wells.js";
import { number, stateWords } from "./formats.js";
import { GlyphMark } from "./glyphs.js";
import type { PageState } from "./page-state.js";
import { placeOf, type RovingTargets, rovingKeys } from "./roving-focus.js";
import { type Metric, PlateCells, type PlateChoice, type WellCell } from "./wells.js";

/** Size of the map in its own units; margins hold names and medians. */
const WIDTH = 720;
const MARGIN = { left: 34, right: 44, top: 20, bottom: 30 };
/** Up to so many columns have their medians upright. */
const UPRIGHT_COLUMNS = 12;
/** Wells at least this large show their sites. */
const SPLIT_SIZE = 26;

export interface PlateMapProps {
  readonly page: PageState;
  readonly choice: PlateChoice;
  readonly scale: ScaleName;
  readonly minCertainty: number;
  /** Counts drawings: the cells are looked at again for each. */
  readonly drawing: number;
}

/** The wells of a plate, coloured; a click or Enter chooses one, the arrow keys go from one to the next. */
export function PlateMap({ page, choice, scale, minCertainty }: PlateMapProps) {
  const cells = useMemo(() => new PlateCells(), []);
  cells.update(page, choice);
  page.changedSites.clear();
  const [focus, setFocus] = useState(0);
  const { format } = cells;
  if (format === undefined) return <p class="empty">No wells yet.</p>;
  const { rows, columns } = format;
  // Of a larger plate, that was shown before, it may be a well that this one does not have.
  const stop = focus < rows * columns ? focus : 0;
  const size = (WIDTH - MARGIN.left - MARGIN.right) / columns;
  const height = MARGIN.top + rows * size + MARGIN.bottom;
  const range = rangeOf(
    [...cells.cells.values()].flatMap(({ value }) => value ?? []),
    choice.metric,
  );
  const colour = (value: number) => COLOUR_SCALES[scale](fractionOf(value, choice.metric, range));
  const selected = page.shownState();
  const selectedSite = selected === undefined ? undefined : page.siteOf(selected.site);
  const isCurrent = (cell: WellCell) =>
    (selectedSite?.plate ?? "") === choice.plate && cell.parts.some(({ site }) => site === selected?.site);

  const choose = (place: number) => {
    const cell = cells.cells.get(Math.floor(place / columns) * 100 + (place % columns));
    if (cell?.worst === undefined) return;
    const { site, channel, timeIndex } = cell.worst;
    page.select({ site, channel, timeIndex });
  };
  const targets: RovingTargets = {
    next: (place, across, down) => {
      const [row, column] = [Math.floor(place / columns) + down, (place % columns) + across];
      return row >= 0 && row < rows && column >= 0 && column < columns ? row * columns + column : undefined;
    },
    moved: setFocus,
    choose,
  };

  const look: WellLook = { colour, minCertainty, metric: choice.metric, size };
  const lookKey = [scale, choice.metric, ...range, minCertainty, size].join(" ");
  const wells = Array.from({ length: rows }, (_, row) => {
    const own = Array.from({ length: columns }, (_, column) => cells.cells.get(row * 100 + column));
    return (
      <WellRow
        key={row}
        row={row}
        cells={own}
        look={look}
        lookKey={lookKey}
        current={own.findIndex((cell) => cell !== undefined && isCurrent(cell))}
        tabStop={Math.floor(stop / columns) === row ? stop % columns : -1}
      />
    );
  });
  const digits = choice.metric === "certainty" ? 2 : 1;
  const every = columns > 30 ? 2 : 1;
  return (
    // biome-ignore lint/a11y/useSemanticElements: there is no fieldset in SVG.
    <svg
      class="plate"
      data-testid="plate-map"
      viewBox={`0 0 ${WIDTH} ${height}`}
      role="group"
      aria-label={`Plate ${choice.plate || "without a name"}, ${format.wells} wells`}
      onKeyDown={(event) => rovingKeys(event, targets)}
      onClick={(event) => {
        const place = placeOf(event);
        if (place === undefined) return;
        setFocus(place);
        choose(place);
      }}
    >
      {Array.from({ length: columns }, (_, column) => (
        <g key={`c${column}`} class="margin">
          {column % every === 0 && (
            <text x={MARGIN.left + (column + 0.5) * size} y={13} text-anchor="middle">
              {column + 1}
            </text>
          )}
          <text class="median" {...columnMedianAt(MARGIN.left + (column + 0.5) * size, height, columns)}>
            {number(cells.medianOf("column", column), digits)}
          </text>
        </g>
      ))}
      {Array.from({ length: rows }, (_, row) => (
        <g key={`r${row}`} class="margin">
          {row % (rows > 20 ? 2 : 1) === 0 && (
            <text x={MARGIN.left - 7} y={MARGIN.top + (row + 0.5) * size + 4} text-anchor="end">
              {formatRow(row)}
            </text>
          )}
          <text class="median" x={WIDTH - 4} y={MARGIN.top + (row + 0.5) * size + 4} text-anchor="end">
            {number(cells.medianOf("row", row), digits)}
          </text>
        </g>
      ))}
      {wells}
    </svg>
  );
}

/** Where the median of a column stands below it: upright where the columns are wide enough. */
function columnMedianAt(x: number, height: number, columns: number) {
  if (columns <= UPRIGHT_COLUMNS) return { x, y: height - 12, "text-anchor": "middle" } as const;
  const [left, bottom] = [x + 3.5, height - 3];
  return { x: left, y: bottom, transform: `rotate(-90 ${left} ${bottom})` };
}

/** How wells are drawn; `lookKey` changes with it. */
interface WellLook {
  readonly colour: (value: number) => string;
  readonly minCertainty: number;
  readonly metric: Metric;
  readonly size: number;
}

interface WellRowProps {
  readonly row: number;
  readonly cells: readonly (WellCell | undefined)[];
  readonly look: WellLook;
  readonly lookKey: string;
  /** Columns of the chosen well and of the one that Tab reaches; -1: in another row. */
  readonly current: number;
  readonly tabStop: number;
}

/** A row is looked at again only if one of its wells has changed: a large plate has 1536 of them. */
const WellRow = memo(
  ({ row, cells, look, lookKey, current, tabStop }: WellRowProps) => (
    <>
      {cells.map((cell, column) => (
        <Well
          key={formatWell(row, column)}
          cell={cell}
          row={row}
          column={column}
          place={row * cells.length + column}
          look={look}
          lookKey={lookKey}
          isCurrent={column === current}
          isTabStop={column === tabStop}
        />
      ))}
    </>
  ),
  (a, b) =>
    a.lookKey === b.lookKey &&
    a.current === b.current &&
    a.tabStop === b.tabStop &&
    a.cells.length === b.cells.length &&
    a.cells.every((cell, i) => cell === b.cells[i]),
);

interface WellProps {
  readonly cell: WellCell | undefined;
  readonly row: number;
  readonly column: number;
  readonly place: number;
  readonly look: WellLook;
  readonly lookKey: string;
  readonly isCurrent: boolean;
  readonly isTabStop: boolean;
}

/** Drawn again only if something that it shows has changed. */
const Well = memo(DrawnWell, (a: WellProps, b: WellProps) => {
  const keys = ["cell", "place", "lookKey", "isCurrent", "isTabStop"] as const;
  return keys.every((key) => a[key] === b[key]);
});

function DrawnWell({ cell, row, column, place, look, isCurrent, isTabStop }: WellProps) {
  const { size, colour, minCertainty, metric } = look;
  const name = formatWell(row, column);
  const [x, y] = [MARGIN.left + column * size, MARGIN.top + row * size];
  const gap = size > 14 ? 1.5 : 0.5;
  const [left, top, side] = [x + gap, y + gap, size - 2 * gap];
  const count = cell?.parts.length ?? 0;
  const isSplit = size >= SPLIT_SIZE && count > 1;
  const across = isSplit ? Math.ceil(Math.sqrt(count)) : 1;
  const down = isSplit ? Math.ceil(count / across) : 1;
  const parts = cell === undefined ? [] : isSplit ? cell.parts : [cell];
  return (
    // biome-ignore lint/a11y/useSemanticElements: there is no button element in SVG.
    <g
      role="button"
      data-testid="well"
      data-well={name}
      data-place={place}
      tabindex={isTabStop ? 0 : -1}
      aria-label={labelOf(name, cell)}
      aria-pressed={isCurrent}
      class={isCurrent ? "well current" : "well"}
    >
      <rect class="well-edge" x={left} y={top} width={side} height={side} rx={Math.min(4, side / 6)} />
      {parts.map((part, i) => {
        const [w, h] = [side / across, side / down];
        const [px, py] = [left + (i % across) * w, top + Math.floor(i / across) * h];
        return (
          <Fill
            key={i}
            part={part}
            x={px + (isSplit ? 0.5 : 0)}
            y={py + (isSplit ? 0.5 : 0)}
            width={w - (isSplit ? 1 : 0)}
            height={h - (isSplit ? 1 : 0)}
            colour={colour}
            isUncertain={metric !== "z" && part.certainty !== undefined && part.certainty < minCertainty}
            fades={metric === "level"}
          />
        );
      })}
      {isCurrent && (
        <rect class="well-current" x={left - 1} y={top - 1} width={side + 2} height={side + 2} rx={4} />
      )}
    </g>
  );
}

interface FillProps {
  readonly part: Pick<WellCell, "value" | "certainty" | "glyph">;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly colour: (value: number) => string;
  readonly isUncertain: boolean;
  readonly fades: boolean;
}

function Fill({ part, x, y, width, height, colour, isUncertain, fades }: FillProps) {
  const opacity = fades ? 0.4 + 0.6 * Math.min(1, (part.certainty ?? 0) / 0.7) : 1;
  const box = { x, y, width, height, rx: Math.min(3, width / 6) };
  return (
    <>
      {part.value !== undefined && <rect {...box} fill={colour(part.value)} fill-opacity={opacity} />}
      {isUncertain && <rect {...box} fill="url(#hatch)" />}
      {part.glyph !== undefined && (
        <GlyphMark glyph={part.glyph} x={x + width / 2} y={y + height / 2} size={Math.min(width, height)} />
      )}
    </>
  );
}

function labelOf(name: string, cell: WellCell | undefined): string {
  const count = cell?.parts.length ?? 0;
  const sites = cell?.worst !== undefined && count > 1 ? `, worst of ${count} sites` : "";
  return `${name} ${stateWords(cell?.worst)}${sites}`;
}

/** Lowest and highest value; fixed for levels and certainties, so that a colour means the same in every run. */
export function rangeOf(values: readonly number[], metric: Metric): readonly [number, number] {
  if (metric === "level") return [0, 10];
  if (metric === "certainty" || values.length === 0) return [0, 1];
  return [Math.min(...values), Math.max(...values)];
}

/** Striking is what a person should look at: a high level, a low certainty. */
export function fractionOf(value: number, metric: Metric, [low, high]: readonly [number, number]): number {
  const fraction = high > low ? (value - low) / (high - low) : 0;
  return metric === "certainty" ? 1 - fraction : fraction;
}
