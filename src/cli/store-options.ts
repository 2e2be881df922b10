import { existsSync } from "node:fs";
import type { InferredOptionTypes, Options } from "yargs";
import { isDatabaseUrl } from "../config/database.js";
import { loadConfig } from "../config/load-config.js";
import { ResultsError } from "../errors.js";
import type { ResultRecord } from "../records/record.js";
import { type NamedRun, runName, runsCalled } from "../runs/run-name.js";
import type { RunEntry } from "../runs/run-snapshot.js";
import { storePlace, storeUrlIn } from "../store/open-database.js";
import { ResultsStore } from "../store/results-store.js";

/** Runs that are named when one is not found. */
const NAMED_RUNS = 10;

/** Options of the commands that read the results store. */
export const storeOptions = {
  results: {
    type: "string",
    describe:
      "Folder of the results, whose parfocal.db is read; default: as the agent has it [results.folder]",
  },
  database: {
    type: "string",
    describe:
      "Another database: postgres://… or the path of a file; default: as the agent has it [database.url]",
  },
  config: { alias: "c", type: "string", describe: "Configuration file of the agent" },
} as const satisfies Record<string, Options>;

export type StorePlace = InferredOptionTypes<typeof storeOptions>;

export interface LocatedStore {
  readonly url: string;
  /** Results folder, where pictures are. */
  readonly folder: string;
}

/** Where the store is: by the options, else where an agent with this configuration and environment has it. */
export async function locate({ results, database, config }: StorePlace): Promise<LocatedStore> {
  const agent = await loadConfig({ file: config, environment: process.env });
  const folder = results ?? agent.results.folder;
  const configured = results === undefined ? agent.database.url : undefined;
  // A path alone is a file of SQLite.
  const named = database === undefined || isDatabaseUrl(database) ? database : `file:${database}`;
  return { url: named ?? configured ?? storeUrlIn(folder), folder };
}

/** Whether there may be a store: a file that is not there would be made by opening it. */
export function hasStore({ url }: LocatedStore): boolean {
  return !url.startsWith("file:") || existsSync(storePlace(url));
}

/** @throws ResultsError if there is no database; StoreError if it cannot be read. */
export async function withStore<T>(
  located: LocatedStore,
  use: (store: ResultsStore) => Promise<T>,
): Promise<T> {
  const { url } = located;
  if (!hasStore(located)) {
    const advice = "there is no such database; name the agent's results folder with --results";
    throw new ResultsError(storePlace(url), advice);
  }
  const store = new ResultsStore(url, { isForReading: true });
  await store.start();
  try {
    return await use(store);
  } finally {
    await store.stop();
  }
}

/** A run with its records. */
export interface StoredRun {
  readonly run: RunEntry;
  readonly records: readonly ResultRecord[];
}

/** @throws ResultsError naming the runs that there are. */
export function theRun<Run extends NamedRun>(runs: readonly Run[], called: string): Run {
  const found = runsCalled(runs, called);
  const [run] = found;
  if (run !== undefined && found.length === 1) return run;
  const known = (found.length > 1 ? found : runs)
    .slice(0, NAMED_RUNS)
    .map((one) => `${one.id} (${runName(one)})`)
    .join(", ");
  const none = runs.length === 0 ? "there is none yet" : `the newest are ${known}`;
  const reason =
    found.length > 1 ? `several runs begin so: ${known}` : `there is no run of this name; ${none}`;
  throw new ResultsError(called, reason);
}

/**
 * A run by its name or its id, or by the beginning of one that no other run has.
 * @throws ResultsError naming the runs that there are.
 */
export async function findRun(store: ResultsStore, called: string): Promise<StoredRun> {
  const run = theRun(await store.listRuns(), called);
  const records: ResultRecord[] = [];
  for await (const record of store.records(run.id)) records.push(record);
  return { run, records };
}
