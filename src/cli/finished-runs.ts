import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { isDatabaseUrl } from "../config/database.js";
import { ResultsError } from "../errors.js";
import { fileReason } from "../frames/file-reasons.js";
import type { ResultRecord } from "../records/record.js";
import { readRecords } from "../records/record-line.js";
import { RunNames } from "../runs/run-name.js";
import { recordsPath } from "../sinks/results-folder.js";
import { storeUrlIn } from "../store/open-database.js";
import {
  findRun,
  hasStore,
  type LocatedStore,
  locate,
  type StorePlace,
  theRun,
  withStore,
} from "./store-options.js";

/** What `finishedRuns` takes, for help. */
export const RUN_ARGUMENT =
  "Folder of the results, its results.jsonl, a database (parfocal.db, postgres://…), or a run of the results store";

export interface FinishedRuns {
  /** Undefined for a line that cannot be read. */
  readonly records: AsyncIterable<ResultRecord | undefined>;
  /** Results folder, where the pictures are. */
  readonly folder: string;
}

/**
 * The records of a run that is over, or of all that are in a folder or a database.
 * @param run see `RUN_ARGUMENT`. @param session name or id of one of several.
 * @throws ResultsError naming what was looked for.
 */
export async function finishedRuns(
  run: string,
  place: StorePlace,
  session?: string | undefined,
): Promise<FinishedRuns> {
  const database = databaseAt(run);
  if (database !== undefined) return { ...database, records: storedRecords(database, session) };
  let file = run;
  try {
    file = await recordsPath(run);
    await stat(file);
    return { records: fileRecords(file, session), folder: dirname(file) };
  } catch (cause) {
    const beside = { url: storeUrlIn(run), folder: run };
    if (hasStore(beside)) return { ...beside, records: storedRecords(beside, session) };
    const store = await locate(place);
    // A folder is no name of a run.
    if (file === run && hasStore(store)) return { ...store, records: storedRecords(store, run) };
    const advice = "name the folder that the agent wrote, or a run of the results store (parfocal runs list)";
    throw new ResultsError(file, `${fileReason(cause)}; ${advice}`, { cause });
  }
}

/** The database that a word names: by its address, or as a file. */
function databaseAt(word: string): LocatedStore | undefined {
  if (isDatabaseUrl(word)) return { url: word, folder: "." };
  return word.endsWith(".db") ? { url: `file:${word}`, folder: dirname(word) } : undefined;
}

async function* fileRecords(
  path: string,
  session: string | undefined,
): AsyncGenerator<ResultRecord | undefined> {
  const id = session === undefined ? undefined : (await runOfFile(path, session)).id;
  let [lines, read] = [0, 0];
  try {
    for await (const record of readRecords(path)) {
      lines++;
      if (record !== undefined) read++;
      if (record === undefined || id === undefined || record.session === id) yield record;
    }
  } catch (cause) {
    throw new ResultsError(path, fileReason(cause), { cause });
  }
  if (lines > 0 && read === 0)
    throw new ResultsError(path, "these are no results of an agent: none of its lines can be read as one");
}

async function runOfFile(path: string, called: string) {
  const names = new RunNames();
  for await (const record of readRecords(path)) if (record !== undefined) names.apply(record);
  return theRun(names.all().reverse(), called);
}

async function* storedRecords(
  store: LocatedStore,
  session: string | undefined,
): AsyncGenerator<ResultRecord, void, undefined> {
  const runs = await withStore(store, async (opened) =>
    session === undefined ? (await opened.listRuns()).reverse() : [(await findRun(opened, session)).run],
  );
  for (const { id } of runs)
    yield* await withStore(store, async (opened) => (await findRun(opened, id)).records);
}
