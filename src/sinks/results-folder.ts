import { accessSync, constants } from "node:fs";
import { mkdir, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { OutputError } from "../errors.js";
import { errorCode, fileReason, NOT_A_FILE } from "../frames/file-reasons.js";

/** Path of one of the result files. */
export function resultsPath(folder: string, name: "results.jsonl" | "sites.csv"): string {
  return join(resolve(folder), name);
}

/**
 * Where the records of a run should be: in the results.jsonl of its folder, or in the file itself.
 * @throws the error of the file system if there is neither.
 */
export async function recordsPath(run: string): Promise<string> {
  return (await stat(run)).isDirectory() ? join(run, "results.jsonl") : run;
}

/**
 * Makes the folder of the results.
 * @returns the first folder on the way that was not there, if any.
 * @throws OutputError naming the folder and what to do.
 */
export async function makeResultsFolder(folder: string): Promise<string | undefined> {
  try {
    return await mkdir(folder, { recursive: true });
  } catch (cause) {
    // Node calls it "no such file" where a file system that is read-only keeps more than one folder from being made.
    throw outputError(resolve(folder), refusalOf(folder) ?? cause);
  }
}

/** What the file system has against writing to a folder, or to the first one above it that is there; undefined if nothing. */
export function refusalOf(folder: string): unknown {
  try {
    accessSync(folder, constants.W_OK);
    return undefined;
  } catch (error) {
    const above = dirname(resolve(folder));
    return errorCode(error) === "ENOENT" && above !== folder ? refusalOf(above) : error;
  }
}

/**
 * Makes sure that nothing but a file is at a path: opening a pipe would wait for who is at its other end.
 * @throws what `outputError` takes.
 */
export async function assertNoPipe(path: string): Promise<void> {
  const stats = await stat(path).catch(() => undefined);
  if (stats !== undefined && !stats.isFile() && !stats.isDirectory()) throw new Error(NOT_A_FILE);
}

/** An error of writing results that says what to do about it. */
export function outputError(path: string, cause: unknown): OutputError {
  const reason = `cannot be written: ${fileReason(cause)}; set results.folder to a folder that can`;
  return new OutputError(path, reason, { cause });
}
