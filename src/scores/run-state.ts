import { readFile } from "node:fs/promises";
import { z } from "zod";
import { errorCode } from "../frames/file-reasons.js";
import { writeAtomically } from "../frames/write-atomically.js";

/** What of a table has been done, in a file beside it. */
const RunState = z.object({
  /** What rows depend on: a table is only gone on with under the same settings. */
  settings: z.record(z.string(), z.json()),
  /** Files that are done, scored or not, and pages that were scored and that could not be. */
  files: z.int().nonnegative(),
  pages: z.int().nonnegative(),
  notScored: z.int().nonnegative(),
  /** The file that was done last. */
  last: z.string().optional(),
  /** Bytes of the rows so far; what lies behind them is of a file that is not done. */
  bytes: z.int().nonnegative(),
  /** Whether all rows are there. */
  finished: z.boolean(),
});
export type RunState = z.infer<typeof RunState>;

/** Where the state of a table lies. */
export function statePath(table: string): string {
  return `${table}.run.json`;
}

/** The state of a table; undefined where there is none that can be read. */
export async function readState(table: string): Promise<RunState | undefined> {
  try {
    return RunState.safeParse(JSON.parse(await readFile(statePath(table), "utf8"))).data;
  } catch (error) {
    if (errorCode(error) === "ENOENT" || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** @throws OutputError naming path and reason. */
export async function writeState(table: string, state: RunState): Promise<void> {
  await writeAtomically(statePath(table), Buffer.from(`${JSON.stringify(state, null, 2)}\n`));
}
