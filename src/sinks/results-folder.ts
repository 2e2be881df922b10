import { mkdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { OutputError } from "../errors.js";
import { fileReason } from "../frames/file-reasons.js";

/** Path of one of the result files. */
export function resultsPath(folder: string, name: "results.jsonl" | "sites.csv"): string {
  return join(resolve(folder), name);
}

/**
 * The records of a run: the results.jsonl of its folder, or the file itself.
 * @throws the error of the file system if there is no such file.
 */
export async function findRecords(run: string): Promise<string> {
  const path = (await stat(run)).isDirectory() ? join(run, "results.jsonl") : run;
  await stat(path);
  return path;
}

/**
 * Makes the folder of the results.
 * @throws OutputError naming the folder and what to do.
 */
export async function makeResultsFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (cause) {
    throw outputError(resolve(folder), cause);
  }
}

/** An error of writing results that says what to do about it. */
export function outputError(path: string, cause: unknown): OutputError {
  const reason = `cannot be written: ${fileReason(cause)}; set results.folder to a folder that can`;
  return new OutputError(path, reason, { cause });
}
