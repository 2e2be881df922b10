import { stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { OutputError } from "../errors.js";
import { hasImageName } from "../frames/image-names.js";
import { RESULTS_LOCK } from "../frames/own-folders.js";
import { sameFileAt } from "../same-file.js";

/** What an agent keeps in its results folder. */
const RESULTS: readonly string[] = ["results.jsonl", "sites.csv", "parfocal.db", RESULTS_LOCK];

/**
 * Refuses to put a file in the place of what it is made of, of an image, or of an agent's results.
 * @param outputs undefined: not asked for. @param inputs whatever is no file counts for nothing. @throws OutputError
 */
export async function spareFiles(
  outputs: readonly (string | undefined)[],
  inputs: readonly string[] = [],
): Promise<void> {
  const read = await Promise.all(inputs.map(statOf));
  for (const output of outputs) {
    if (output === undefined || !(await statOf(output))?.isFile()) continue;
    const isRead = await Promise.all(read.map((input) => input && sameFileAt(output, input)));
    if (isRead.some((same) => same !== undefined))
      throw new OutputError(output, "is what is read here and would be lost; name another file");
    if (hasImageName(output))
      throw new OutputError(output, "is an image and would be lost; name another file");
    if (await isResult(output))
      throw new OutputError(output, "is one of an agent's results and would be lost; name another file");
  }
}

/** Whether a file has the name of a result, and another one lies beside it. */
async function isResult(path: string): Promise<boolean> {
  const name = basename(path);
  if (!RESULTS.includes(name)) return false;
  const others = RESULTS.filter((other) => other !== name).map((other) => statOf(join(dirname(path), other)));
  return (await Promise.all(others)).some((stats) => stats !== undefined);
}

function statOf(path: string) {
  return stat(path).catch(() => undefined);
}
