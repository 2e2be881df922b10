/**
 * Worker thread that keeps the table of sites: a long one takes seconds to write, and longer to make again after a restart.
 * @module
 */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { workerData } from "node:worker_threads";
import { isParfocalError, StoreError } from "../errors.js";
import { errorCode } from "../frames/file-reasons.js";
import { writeAtomically } from "../frames/write-atomically.js";
import { parseRecord, recordsOf } from "../records/record-line.js";
import { serveCalls } from "../serve-calls.js";
import { makeResultsFolder } from "./results-folder.js";
import { SitesTable } from "./sites-table.js";

export interface SitesWorkerData {
  /** The table, and the results that it is made of. */
  readonly path: string;
  readonly journal: string;
  /** How much of the results was there when this thread was started; what comes later is told. */
  readonly journalBytes: number;
}

const { path, journal, journalBytes } = workerData as SitesWorkerData;
/** Undefined until it is made, and where it has to be made again. */
let table: SitesTable | undefined;
let isDirty = true;

serveCalls({ restore, update, stop: () => table?.close() }, { inOrder: true });

/** Makes the table again from the results before the start. */
async function restore(): Promise<void> {
  await whole(async () => write(await made(journalBytes)));
}

/** Lines as in results.jsonl, and whether the table is to be written after them. */
export interface SitesUpdate {
  readonly lines: readonly string[];
  readonly isDue: boolean;
}

/** @returns whether the table has changed and was written. */
function update({ lines, isDue }: SitesUpdate): Promise<boolean> {
  return whole(async () => {
    const current = table ?? (await made((await stat(journal)).size));
    for (const line of lines) {
      const record = parseRecord(line);
      if (record !== undefined && current.apply(record)) isDirty = true;
    }
    if (!isDirty || !isDue) return false;
    await write(current);
    return true;
  });
}

/** A table of so many bytes of the results. */
async function made(bytes: number): Promise<SitesTable> {
  table?.close();
  table = SitesTable.open();
  isDirty = true;
  if (bytes > 0) {
    const input = createReadStream(journal, { end: bytes - 1 });
    for await (const record of recordsOf(input)) if (record !== undefined) table.apply(record);
  }
  return table;
}

/** Does something with the table; where the disk with it refuses, it is made again the next time. */
async function whole<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const isLost =
      error instanceof StoreError || (isParfocalError(error) && error.cause instanceof StoreError);
    if (isLost) {
      table?.close();
      table = undefined;
    }
    throw error;
  }
}

async function write(current: SitesTable): Promise<void> {
  try {
    await writeAtomically(path, current.text());
  } catch (error) {
    if (!isParfocalError(error) || errorCode(error.cause) !== "ENOENT") throw error;
    // The folder was removed during the run.
    await makeResultsFolder(dirname(path));
    await writeAtomically(path, current.text());
  }
  isDirty = false;
}
