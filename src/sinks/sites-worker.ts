/**
 * Worker thread that keeps the table of sites: a long one takes seconds to write, and longer to make again after a restart.
 * @module
 */
import { createReadStream } from "node:fs";
import { dirname } from "node:path";
import { workerData } from "node:worker_threads";
import { isParfocalError } from "../errors.js";
import { errorCode } from "../frames/file-reasons.js";
import { writeAtomically } from "../frames/write-atomically.js";
import { parseRecord, recordsOf } from "../records/record-line.js";
import { SiteLedger } from "../records/site-ledger.js";
import { sitesCsv } from "../runs/sites-csv.js";
import { serveCalls } from "../serve-calls.js";
import { makeResultsFolder } from "./results-folder.js";

export interface SitesWorkerData {
  /** The table, and the results that it is made of. */
  readonly path: string;
  readonly journal: string;
  /** How much of the results was there when this thread was started; what comes later is told. */
  readonly journalBytes: number;
}

const { path, journal, journalBytes } = workerData as SitesWorkerData;
const ledger = new SiteLedger();
let isDirty = true;

serveCalls({ restore, update }, { inOrder: true });

/** Makes the table again from the results before the start. */
async function restore(): Promise<void> {
  if (journalBytes > 0) {
    const input = createReadStream(journal, { end: journalBytes - 1 });
    for await (const record of recordsOf(input)) if (record !== undefined) ledger.apply(record);
  }
  await write();
}

/** @param lines as in results.jsonl. @returns whether the table has changed and was written. */
async function update(lines: readonly string[]): Promise<boolean> {
  for (const line of lines) {
    const record = parseRecord(line);
    if (record !== undefined && ledger.apply(record) !== undefined) isDirty = true;
  }
  if (!isDirty) return false;
  await write();
  return true;
}

async function write(): Promise<void> {
  const bytes = Buffer.from(sitesCsv(ledger.all()));
  try {
    await writeAtomically(path, bytes);
  } catch (error) {
    if (!isParfocalError(error) || errorCode(error.cause) !== "ENOENT") throw error;
    // The folder was removed during the run.
    await makeResultsFolder(dirname(path));
    await writeAtomically(path, bytes);
  }
  isDirty = false;
}
