import type { FrameRow } from "../../records/rows.js";
import { median } from "../../statistics.js";

/** More frames than this are drawn as medians and bands. */
const MOST_POINTS = 1500;
const BINS = 600;
/** A pause this many times the usual one, and this long, breaks the line, s. */
const GAP_FACTOR = 10;
const GAP_S = 10;

/** Columns for the plots, in the order of time; null breaks a line. */
export interface TimelineData {
  /** s since 1970 UTC. */
  readonly times: number[];
  readonly level: (number | null)[];
  readonly levelLow: (number | null)[];
  readonly levelHigh: (number | null)[];
  readonly certainty: (number | null)[];
  readonly z: (number | null)[];
  /** Where a refocus was asked for: its level, else null. */
  readonly refocus: (number | null)[];
  /** Frames behind each point. */
  readonly frames: (readonly FrameRow[])[];
}

/** @param recorded frames in any order: a clock may be set back in the middle of a run. */
export function timelineData(recorded: readonly FrameRow[]): TimelineData {
  const frames = [...recorded].sort((a, b) => a.ms - b.ms);
  const data: TimelineData = {
    ...{ times: [], level: [], levelLow: [], levelHigh: [], certainty: [], z: [], refocus: [], frames: [] },
  };
  const bins = frames.length > MOST_POINTS ? binned(frames) : frames.map((frame) => [frame]);
  const gapS = longestPause(bins);
  for (const bin of bins) {
    const time = bin[0]!.ms / 1000;
    const last = data.times.at(-1);
    if (last !== undefined && time - last > gapS) addPoint(data, (last + time) / 2, []);
    // Two frames of one ms would make the plot run backwards.
    addPoint(data, last !== undefined && time <= last ? last + 1e-4 : time, bin);
  }
  return data;
}

function addPoint(data: TimelineData, time: number, frames: readonly FrameRow[]): void {
  const levels = frames.flatMap(({ expectedLevel }) => expectedLevel ?? []).sort((a, b) => a - b);
  const retried = frames.filter(({ decision }) => decision === "retry");
  data.times.push(time);
  data.level.push(median(levels) ?? null);
  data.levelLow.push(levels[Math.floor(0.1 * levels.length)] ?? null);
  data.levelHigh.push(levels[Math.floor(0.9 * levels.length)] ?? null);
  data.certainty.push(median(frames.flatMap(({ certainty }) => certainty ?? [])) ?? null);
  data.z.push(median(frames.flatMap(({ zUm }) => zUm ?? [])) ?? null);
  data.refocus.push(median(retried.flatMap(({ expectedLevel }) => expectedLevel ?? [])) ?? null);
  data.frames.push(frames);
}

function binned(frames: readonly FrameRow[]): FrameRow[][] {
  const [first, last] = [frames[0]!.ms, frames.at(-1)!.ms];
  const bins = new Map<number, FrameRow[]>();
  for (const frame of frames) {
    const bin = Math.min(BINS - 1, Math.floor(((frame.ms - first) / (last - first || 1)) * BINS));
    const own = bins.get(bin);
    if (own === undefined) bins.set(bin, [frame]);
    else own.push(frame);
  }
  return [...bins].sort(([a], [b]) => a - b).map(([, own]) => own);
}

function longestPause(bins: readonly (readonly FrameRow[])[]): number {
  const pauses = bins.slice(1).map((bin, i) => (bin[0]!.ms - bins[i]![0]!.ms) / 1000);
  return Math.max(GAP_S, GAP_FACTOR * (median(pauses) ?? 0));
}
