import { existsSync } from "node:fs";
import type { InferredOptionTypes, Options } from "yargs";
import { ResultsError } from "../errors.js";
import type { ResultRecord } from "../records/record.js";
import { storePlace, storeUrlIn } from "../store/open-database.js";
import { ResultsStore } from "../store/results-store.js";

/** Options of the commands that read the results store. */
export const storeOptions = {
  results: {
    type: "string",
    default: "parfocal-results",
    describe: "Folder of the results, whose parfocal.db is read [results.folder]",
  },
  database: { type: "string", describe: "Another database: postgres://… or file:PATH [database.url]" },
} as const satisfies Record<string, Options>;

export type StorePlace = InferredOptionTypes<typeof storeOptions>;

/** Whether there may be a store: a file that is not there would be made by opening it. */
export function hasStore(place: StorePlace): boolean {
  const url = urlOf(place);
  return !url.startsWith("file:") || existsSync(storePlace(url));
}

/** @throws ResultsError if there is no database; StoreError if it cannot be read. */
export async function withStore<T>(place: StorePlace, use: (store: ResultsStore) => Promise<T>): Promise<T> {
  const url = urlOf(place);
  if (!hasStore(place)) {
    const advice = "there is no such database; name the agent's results folder with --results";
    throw new ResultsError(storePlace(url), advice);
  }
  const store = new ResultsStore(url);
  await store.start();
  try {
    return await use(store);
  } finally {
    await store.stop();
  }
}

/** The records of a run; none if there is no such run. */
export async function recordsOf(store: ResultsStore, run: string): Promise<ResultRecord[]> {
  const records: ResultRecord[] = [];
  for await (const record of store.records(run)) records.push(record);
  return records;
}

function urlOf({ database, results }: StorePlace): string {
  return database ?? storeUrlIn(results);
}
