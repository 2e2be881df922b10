/**
 * What is looked at every few seconds of a long run, and how it changes over the run.
 * @module
 */
import { readdir } from "node:fs/promises";
import { median, quantile } from "../../src/statistics.js";
import { residentMib } from "../../test/helpers/resident-memory.js";

/** Before so many frames caches and pools are still filling. */
const WARM_FRAMES = 10_000;

/** One look at the agent, and the answers since the one before. */
export interface SoakSample {
  readonly s: number;
  readonly frames: number;
  readonly framesPerSecond: number;
  readonly residentMb: number;
  /** Open files, sockets and the like. */
  readonly handles: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Of a process: its memory and its open handles, as Linux counts them. */
export async function lookAt(pid: number): Promise<Pick<SoakSample, "residentMb" | "handles">> {
  const handles = (await readdir(`/proc/${pid}/fd`)).length;
  return { residentMb: residentMib(pid), handles };
}

export function latencies(unsorted: readonly number[]): Pick<SoakSample, "p50Ms" | "p99Ms"> {
  const sorted = unsorted.toSorted((a, b) => a - b);
  return { p50Ms: quantile(sorted, 0.5), p99Ms: quantile(sorted, 0.99) };
}

/** How a run changed, from the first to the last fifth of its looks. */
export interface Trend {
  /** From which frame on. */
  readonly fromFrames: number;
  readonly memoryMb: readonly [number, number];
  readonly handles: readonly [number, number];
  readonly p50Ms: readonly [number, number];
  readonly p99Ms: readonly [number, number];
}

/** Medians of the first and of the last fifth, once it is warm; of a short run, of its second half. */
export function trendOf(samples: readonly SoakSample[]): Trend | undefined {
  const total = samples.at(-1)?.frames ?? 0;
  const fromFrames = Math.min(WARM_FRAMES, total / 2);
  const warm = samples.filter(({ frames }) => frames >= fromFrames);
  const fifth = Math.max(1, Math.floor(warm.length / 5));
  if (warm.length < 2) return undefined;
  const ends = (read: (sample: SoakSample) => number): [number, number] => [
    median(warm.slice(0, fifth).map(read))!,
    median(warm.slice(-fifth).map(read))!,
  ];
  return {
    fromFrames,
    memoryMb: ends(({ residentMb }) => residentMb),
    handles: ends(({ handles }) => handles),
    p50Ms: ends(({ p50Ms }) => p50Ms),
    p99Ms: ends(({ p99Ms }) => p99Ms),
  };
}
