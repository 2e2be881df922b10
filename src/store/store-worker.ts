/**
 * Worker thread that owns the results store, so that no query keeps the agent from answering.
 * @module
 */
import { workerData } from "node:worker_threads";
import type { ResultRecord } from "../records/record.js";
import { HandedOver, serveCalls } from "../serve-calls.js";
import { ResultsStore } from "./results-store.js";

/** How long a write waits for another program, ms: what is read waits behind it, and what is refused is tried again. */
const BUSY_MS = 500;

const store = new ResultsStore((workerData as { url: string }).url, { busyMs: BUSY_MS });

serveCalls(
  {
    start: () => store.start(),
    catchUp: ({ path, most }: { path: string; most: number }) => store.catchUp(path, most),
    deleteOlderThan: (wallMs: number) => store.deleteOlderThan(wallMs),
    listRuns: () => store.listRuns(),
    frame: ({ runId, frameId }: { runId: string; frameId: string }) => store.frame(runId, frameId),
    stop: () => store.stop(),
    write,
    snapshot,
  },
  { inOrder: true },
);

/** @param lines as in results.jsonl; they are the agent's own, so their form is known. */
async function write(lines: readonly string[]): Promise<void> {
  const records = lines.map((line) => ({ line, record: JSON.parse(line) as ResultRecord }));
  await store.write(records);
}

/** A `RunSnapshot` as JSON. */
async function snapshot(runId: string): Promise<HandedOver | undefined> {
  const table = await store.table(runId);
  if (table === undefined) return undefined;
  const bytes = new TextEncoder().encode(JSON.stringify(table.snapshot()));
  return new HandedOver(bytes, [bytes.buffer]);
}
