import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import type { FrameRow } from "../../records/rows.js";
import { clock, number } from "./formats.js";
import type { PageState } from "./page-state.js";
import { type TimelineData, timelineData } from "./timeline-data.js";

/** Shortest time between two updates of the plots, ms. */
const UPDATE_MS = 1500;
const SYNC = "parfocal-timeline";

export interface TimelineProps {
  readonly page: PageState;
  readonly channel: string | undefined;
  readonly maxLevel: number;
  readonly minCertainty: number;
  /** Changes with the colours of the page. */
  readonly theme: string;
}

/** Level, certainty and z of the frames in the order of time, one above the other. */
export function Timeline({ page, channel, maxLevel, minCertainty, theme }: TimelineProps) {
  const root = useRef<HTMLDivElement>(null);
  const plots = useRef<Plots>(undefined);

  useEffect(() => {
    const made = new Plots(root.current!, (frame) => page.select(selectionOf(frame)));
    plots.current = made;
    return () => made.destroy();
  }, [theme]);
  useEffect(() => plots.current?.show(page, channel, maxLevel, minCertainty));

  const frames = page.table.frames.length;
  return (
    <div
      ref={root}
      class="timeline"
      data-testid="timeline"
      role="img"
      aria-label={`Level, certainty and z of ${frames} frames over time. The list of events tells the same in words.`}
    />
  );
}

function selectionOf({ site, channel, timeIndex, id }: FrameRow) {
  return { site, channel, timeIndex, frameId: id };
}

/** The three plots; they live on while their data change. */
class Plots {
  readonly #root: HTMLElement;
  readonly #level: uPlot;
  readonly #certainty: uPlot;
  readonly #z: uPlot;
  readonly #resized: ResizeObserver;
  #data: TimelineData = timelineData([]);
  #shown = "";
  #shownTable: unknown;
  #shownMs = Number.NEGATIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #limits = { maxLevel: 1, minCertainty: 0 };

  constructor(root: HTMLElement, onFrame: (frame: FrameRow) => void) {
    this.#root = root;
    const style = getComputedStyle(root);
    const ink = style.getPropertyValue("--ink-soft").trim();
    const grid = style.getPropertyValue("--line").trim();
    const accent = style.getPropertyValue("--accent").trim();
    const warn = style.getPropertyValue("--warn").trim();
    const axis = (label: string, size = 46): uPlot.Axis => ({
      ...{ stroke: ink, size, label, labelSize: 15, labelFont: "11px system-ui", font: "11px system-ui" },
      ...{ grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1, size: 4 } },
    });
    const times = (isShown: boolean): uPlot.Axis => ({
      ...{ stroke: ink, font: "11px system-ui", size: isShown ? 24 : 6, space: 70 },
      ...{ grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1, size: 4 } },
      values: isShown
        ? (_plot: uPlot, splits: number[]) => splits.map((s) => clock(1000 * s))
        : (_plot: uPlot, splits: number[]) => splits.map(() => ""),
    });
    const points = (colour: string): uPlot.Series => ({
      ...{ stroke: colour, width: 1.25, spanGaps: false },
      points: { show: true, size: 4, fill: colour, stroke: colour },
    });
    const common = {
      ...{ width: 600, legend: { show: false }, padding: [6, 8, 0, 0] as [number, number, number, number] },
      cursor: {
        sync: { key: SYNC },
        // Nothing is dragged here, so a hand that moves by a pixel while it clicks clicks all the same.
        drag: { x: false, y: false, click: () => undefined },
        y: false,
      },
      hooks: {
        ready: [
          (plot: uPlot) =>
            plot.over.addEventListener("click", ({ clientX }) => {
              const left = clientX - plot.over.getBoundingClientRect().left;
              const frames = this.#data.frames[plot.posToIdx(left)] ?? [];
              const worst = frames.reduce<FrameRow | undefined>(
                (a, b) => (a === undefined || (b.expectedLevel ?? 0) > (a.expectedLevel ?? 0) ? b : a),
                undefined,
              );
              if (worst !== undefined) onFrame(worst);
            }),
        ],
      },
    };
    this.#level = new uPlot(
      {
        ...common,
        height: 128,
        scales: { y: { range: [0, 10] } },
        axes: [times(false), axis("level")],
        series: [
          {},
          { stroke: "transparent", points: { show: false } },
          { stroke: "transparent", points: { show: false } },
          points(accent),
          {
            ...{ stroke: warn, paths: () => null },
            points: { show: true, size: 9, stroke: warn, fill: warn, paths: trianglePaths },
          },
        ],
        bands: [{ series: [2, 1], fill: `color-mix(in srgb, ${accent} 22%, transparent)` }],
        hooks: { ...common.hooks, draw: [(plot) => drawLimit(plot, this.#limits.maxLevel, warn)] },
      },
      this.#columns().level,
      root,
    );
    this.#certainty = new uPlot(
      {
        ...common,
        height: 78,
        scales: { y: { range: [0, 1] } },
        axes: [times(false), axis("certainty")],
        series: [{}, points(accent)],
        hooks: { ...common.hooks, draw: [(plot) => drawLimit(plot, this.#limits.minCertainty, warn)] },
      },
      this.#columns().certainty,
      root,
    );
    this.#z = new uPlot(
      { ...common, height: 104, axes: [times(true), axis("z, µm")], series: [{}, points(accent)] },
      this.#columns().z,
      root,
    );
    this.#resized = new ResizeObserver(() => this.#fit());
    this.#resized.observe(root);
    this.#fit();
  }

  /** Shows the run as it is now; not more often than people can see. */
  show(page: PageState, channel: string | undefined, maxLevel: number, minCertainty: number): void {
    this.#limits = { maxLevel, minCertainty };
    const wanted = `${page.version} ${channel} ${maxLevel} ${minCertainty}`;
    if (wanted === this.#shown && page.table === this.#shownTable) return;
    const waitMs = this.#shownMs + UPDATE_MS - performance.now();
    clearTimeout(this.#timer);
    if (waitMs > 0 && page.table === this.#shownTable) {
      // Shown with the next drawing that is due, or a while later if there is none.
      this.#timer = setTimeout(() => this.show(page, channel, maxLevel, minCertainty), waitMs + UPDATE_MS);
      return;
    }
    this.#shown = wanted;
    this.#shownTable = page.table;
    this.#shownMs = performance.now();
    const frames = page.table.frames.filter(
      (frame) => !frame.isSlice && (channel === undefined || frame.channel === channel),
    );
    this.#data = timelineData(frames);
    const { level, certainty, z } = this.#columns();
    this.#level.setData(level);
    this.#certainty.setData(certainty);
    this.#z.setData(z);
  }

  destroy(): void {
    clearTimeout(this.#timer);
    this.#resized.disconnect();
    for (const plot of [this.#level, this.#certainty, this.#z]) plot.destroy();
  }

  #columns(): Record<"level" | "certainty" | "z", uPlot.AlignedData> {
    const { times, level, levelLow, levelHigh, certainty, z, refocus } = this.#data;
    return {
      level: [times, levelLow, levelHigh, level, refocus],
      certainty: [times, certainty],
      z: [times, z],
    };
  }

  #fit(): void {
    const width = Math.max(200, this.#root.clientWidth);
    for (const plot of [this.#level, this.#certainty, this.#z]) plot.setSize({ width, height: plot.height });
  }
}

/** A dashed line at a threshold, with its value. */
function drawLimit(plot: uPlot, value: number, colour: string): void {
  const { ctx, bbox } = plot;
  const y = plot.valToPos(value, "y", true);
  ctx.save();
  ctx.strokeStyle = colour;
  ctx.fillStyle = colour;
  ctx.font = `${10 * devicePixelRatio}px system-ui`;
  ctx.setLineDash([6, 4]);
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.fillText(number(value, 2), bbox.left + 4, y - 3);
  ctx.restore();
}

/** Marks of a refocus: triangles on the level that led to it. */
function trianglePaths(
  plot: uPlot,
  seriesIndex: number,
  first: number,
  last: number,
): uPlot.Series.Points.Paths {
  const path = new Path2D();
  const side = 4.5 * devicePixelRatio;
  for (let i = first; i <= last; i++) {
    const value = plot.data[seriesIndex]![i];
    if (value == null) continue;
    const [x, y] = [plot.valToPos(plot.data[0][i]!, "x", true), plot.valToPos(value, "y", true)];
    path.moveTo(x, y - side);
    path.lineTo(x + side, y + side);
    path.lineTo(x - side, y + side);
    path.closePath();
  }
  return { stroke: path, fill: path };
}
