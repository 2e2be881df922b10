/**
 * Memory and latency of a long run, against frames, as a plot.
 * @module
 */
import { svgPlot } from "../../src/svg-plot.js";
import type { SoakSample } from "./samples.js";

const [WIDTH, HEIGHT, MARGIN] = [720, 440, 56];
const TICKS = 5;

interface Curve {
  readonly name: string;
  readonly colour: string;
  readonly read: (sample: SoakSample) => number;
}

const MEMORY: readonly Curve[] = [
  { name: "memory, MB", colour: "#1d4ed8", read: ({ residentMb }) => residentMb },
];
const LATENCY: readonly Curve[] = [
  { name: "p50, ms", colour: "#15803d", read: ({ p50Ms }) => p50Ms },
  { name: "p99, ms", colour: "#c2410c", read: ({ p99Ms }) => p99Ms },
];

/** Memory on the left axis, latency on the right one. */
export function soakPlot(samples: readonly SoakSample[], title: string): string {
  const mostFrames = niceAbove(Math.max(...samples.map(({ frames }) => frames)));
  const x = (frames: number) => MARGIN + ((WIDTH - 2 * MARGIN) * frames) / mostFrames;
  const y = (share: number) => HEIGHT - MARGIN - (HEIGHT - 2 * MARGIN) * share;
  const ticks = Array.from({ length: TICKS + 1 }, (_, i) => i / TICKS);
  const [mostMb, mostMs] = [MEMORY, LATENCY].map((curves) =>
    niceAbove(Math.max(...curves.flatMap(({ read }) => samples.map(read)))),
  ) as [number, number];
  const grid = ticks.map(
    (share) =>
      `<line x1="${MARGIN}" x2="${WIDTH - MARGIN}" y1="${y(share)}" y2="${y(share)}" stroke="#e5e5e5"/>` +
      `<text x="${MARGIN - 8}" y="${y(share) + 4}" text-anchor="end">${short(share * mostMb)}</text>` +
      `<text x="${WIDTH - MARGIN + 8}" y="${y(share) + 4}">${short(share * mostMs)}</text>` +
      `<text x="${x(share * mostFrames)}" y="${HEIGHT - MARGIN + 18}" text-anchor="middle">${short(share * mostFrames)}</text>`,
  );
  const lines = [
    ...MEMORY.map((curve) => [curve, mostMb] as const),
    ...LATENCY.map((curve) => [curve, mostMs] as const),
  ].map(([{ colour, read }, most]) => {
    const points = samples.map(
      (sample) => `${x(sample.frames).toFixed(1)},${y(read(sample) / most).toFixed(1)}`,
    );
    return `<polyline points="${points.join(" ")}" fill="none" stroke="${colour}" stroke-width="1.5"/>`;
  });
  const legend = [...MEMORY, ...LATENCY].map(
    ({ name, colour }, i) =>
      `<circle cx="${MARGIN + 20 + 130 * i}" cy="42" r="4" fill="${colour}"/><text x="${MARGIN + 30 + 130 * i}" y="46">${name}</text>`,
  );
  const frame = { widthPx: WIDTH, heightPx: HEIGHT, title, xLabel: "frames", yLabel: "resident memory, MB" };
  return svgPlot(frame, [...grid, ...lines, ...legend]);
}

/** 1, 2 or 5 times a power of ten. */
function niceAbove(value: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(value, 1)));
  return power * [1, 2, 5, 10].find((step) => step * power >= value)!;
}

function short(value: number): string {
  return value >= 10_000 ? `${Math.round(value / 1000)}k` : String(Math.round(10 * value) / 10);
}
