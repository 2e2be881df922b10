import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { quantile } from "../src/statistics.js";
import { freePorts, startAgentProcess } from "../test/helpers/agent-process.js";

/** How often the records are looked at, ms; the figures are as coarse. */
export const LOOK_MS = 2;
/** Between one image and the next, ms. */
export const PAUSE_MS = 300;

/** An agent of its own that watches an empty folder. */
export interface WatchedFolder {
  readonly folder: string;
  /** All records so far, as text. */
  records(): Promise<string>;
  /** Ends the agent and deletes what it wrote. */
  stop(): Promise<void>;
}

export async function watchedFolder(): Promise<WatchedFolder> {
  const results = await mkdtemp(join(tmpdir(), "parfocal-bench-"));
  const folder = join(results, "drop");
  await mkdir(folder);
  const agent = await startAgentProcess([
    ...["agent", ...freePorts(), "--results", results, "--folder", folder, "--device", "cpu"],
    ...["--log-level", "warn"],
  ]);
  return {
    folder,
    records: () => readFile(join(results, "results.jsonl"), "utf8").catch(() => ""),
    stop: async () => {
      await agent.stop();
      await rm(results, { recursive: true, force: true });
    },
  };
}

export function latencyText(latenciesMs: readonly number[]): string {
  const sorted = latenciesMs.toSorted((a, b) => a - b);
  const [median, most, longest] = [0.5, 0.9, 1].map((share) => quantile(sorted, share).toFixed(0));
  return `median ${median} ms, 90 % within ${most} ms, longest ${longest} ms`;
}
