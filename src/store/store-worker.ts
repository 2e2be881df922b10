/**
 * Worker thread that owns the results store, so that no query keeps the agent from answering.
 * @module
 */
import { workerData } from "node:worker_threads";
import type { RunTable } from "../runs/run-table.js";
import { HandedOver, serveCalls } from "../serve-calls.js";
import type { ResultRecord } from "../sinks/sink.js";
import { ResultsStore } from "./results-store.js";

const store = new ResultsStore((workerData as { url: string }).url);

/** The run that was asked for last, kept up to date: making it anew reads all of its records. */
let recent: RunTable | undefined;

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
  for (const { record } of records) {
    if (record.session === undefined || record.session === recent?.id) recent?.apply(record);
  }
}

/** A `RunSnapshot` as JSON. */
async function snapshot(runId: string): Promise<HandedOver | undefined> {
  if (recent?.id !== runId) recent = await store.table(runId);
  if (recent === undefined) return undefined;
  const bytes = new TextEncoder().encode(JSON.stringify(recent.snapshot()));
  return new HandedOver(bytes, [bytes.buffer]);
}
