/**
 * Worker thread that owns the results store, so that no query keeps the agent from answering.
 * @module
 */
import { workerData } from "node:worker_threads";
import { move } from "piscina";
import type { FrameMessage } from "../protocol/messages.js";
import type { RunEntry } from "../runs/run-rows.js";
import type { RunTable } from "../runs/run-table.js";
import type { ResultRecord } from "../sinks/sink.js";
import { ResultsStore } from "./results-store.js";

const store = new ResultsStore((workerData as { url: string }).url);

/** The run that was asked for last, kept up to date: making it anew reads all of its records. */
let recent: RunTable | undefined;

export function start(): Promise<void> {
  return store.start();
}

/** @param lines as in results.jsonl; they are the agent's own, so their form is known. */
export async function write(lines: readonly string[]): Promise<void> {
  const records = lines.map((line) => ({ line, record: JSON.parse(line) as ResultRecord }));
  await store.write(records);
  for (const { record } of records) {
    if (record.session === undefined || record.session === recent?.id) recent?.apply(record);
  }
}

export function catchUp(path: string): Promise<number> {
  return store.catchUp(path);
}

export function deleteOlderThan(wallMs: number): Promise<number> {
  return store.deleteOlderThan(wallMs);
}

export function listRuns(): Promise<RunEntry[]> {
  return store.listRuns();
}

/** A `RunSnapshot` as JSON. */
export async function snapshot(runId: string): Promise<unknown> {
  if (recent?.id !== runId) recent = await store.table(runId);
  if (recent === undefined) return undefined;
  const bytes = new TextEncoder().encode(JSON.stringify(recent.snapshot()));
  return move(bytes as unknown as ArrayBuffer);
}

export function frame({
  runId,
  frameId,
}: {
  runId: string;
  frameId: string;
}): Promise<FrameMessage | undefined> {
  return store.frame(runId, frameId);
}

export function stop(): Promise<void> {
  return store.stop();
}
