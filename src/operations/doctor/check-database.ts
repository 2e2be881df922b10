import { existsSync } from "node:fs";
import { reasonOf } from "../../errors.js";
import { storePlace, storeUrlIn } from "../../store/open-database.js";
import { ResultsStore } from "../../store/results-store.js";
import { type Check, failed, ok } from "./check.js";

/** The results store. A file that is not there yet is not made. */
export const checkDatabase: Check = async ({ database, results }) => {
  if (!database.enabled) return [];
  const url = database.url ?? storeUrlIn(results.folder);
  const place = storePlace(url);
  if (url.startsWith("file:") && !existsSync(place)) return [ok("database", `${place} will be created`)];
  const store = new ResultsStore(url);
  try {
    await store.start();
    const runs = await store.listRuns();
    return [ok("database", `${place} opens, ${runs.length} runs`)];
  } catch (error) {
    return [
      failed("database", reasonOf(error), "the agent runs without it, but the page shows no finished runs"),
    ];
  } finally {
    await store.stop();
  }
};
