import { chmod, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { type Fault, milliseconds, type Target } from "./fault.js";
import { pause } from "./steady-controller.js";

/** What happens to the results on the disk. */
export const RESULTS_FAULTS: readonly Fault[] = [
  {
    name: "results folder removed",
    deletesResults: true,
    happen: ({ results }) => rm(results, { recursive: true, force: true, maxRetries: 20, retryDelay: 10 }),
  },
  {
    name: "results folder read-only",
    refusesLines: true,
    happen: async (target) => {
      await chmod(target.results, 0o555);
      await pause(milliseconds(target, 500, 2000));
      await chmod(target.results, 0o755);
    },
  },
  {
    name: "disk full",
    refusesLines: true,
    lacks: ({ disk }) => (disk.isOwn ? undefined : "the right to mount"),
    happen: async (target) => {
      await target.disk.fill();
      await pause(milliseconds(target, 500, 2000));
      await target.disk.empty();
    },
  },
  {
    name: "database damaged",
    happen: ({ results }) => writeFile(join(results, "parfocal.db"), "this is no database"),
  },
  { name: "database locked by another program", happen: lockDatabase },
];

async function lockDatabase(target: Target): Promise<void> {
  const Database = createRequire(import.meta.url)("libsql") as new (
    path: string,
  ) => {
    exec(sql: string): void;
    close(): void;
  };
  const database = new Database(join(target.results, "parfocal.db"));
  try {
    database.exec("BEGIN EXCLUSIVE");
    await pause(milliseconds(target, 500, 2000));
  } catch {
    // Damaged by an earlier fault.
  }
  database.close();
}
