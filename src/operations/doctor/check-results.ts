import { randomUUID } from "node:crypto";
import { open, rm, rmdir, stat, statfs, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { AgentConfig } from "../../config/schema.js";
import { reasonOf } from "../../errors.js";
import { errorCode, fileReason } from "../../frames/file-reasons.js";
import { assertLockable } from "../../sinks/folder-lock.js";
import { assertNoPipe, makeResultsFolder, resultsPath } from "../../sinks/results-folder.js";
import { type Check, type Finding, failed, ok, warning } from "./check.js";

const MIB = 2 ** 20;
/** What a long run writes beside its pictures, MiB. */
const RUN_MIB = 256;

/**
 * Where results go: can be written, has room, and ends in a whole line. A folder that was not there is not left behind: it would
 * be that of whoever asks, and the agent may be another user's.
 */
export const checkResults: Check = async (config) => {
  const folder = resolve(config.results.folder);
  let made: string | undefined;
  try {
    made = await makeResultsFolder(folder);
  } catch (error) {
    return [unwritable(folder, error)];
  }
  try {
    return await examine(folder, config);
  } finally {
    if (made !== undefined) await removeEmpty(folder, resolve(made));
  }
};

async function examine(folder: string, { dashboard }: AgentConfig): Promise<Finding[]> {
  const probe = join(folder, `.parfocal-doctor-${randomUUID()}`);
  try {
    await writeFile(probe, "probe");
    await rm(probe);
  } catch (error) {
    return [unwritable(folder, error)];
  }
  try {
    assertLockable(folder);
  } catch (error) {
    return [failed("results", reasonOf(error), "until then no agent starts with this results.folder")];
  }
  const { bavail, bsize } = await statfs(folder);
  const freeMib = Math.floor((bavail * bsize) / MIB);
  const needMib =
    RUN_MIB + (dashboard.enabled && dashboard.previews.enabled ? dashboard.previews.keepMib : 0);
  const words = `${folder} can be written, ${freeMib} MiB are free`;
  const room =
    freeMib < needMib
      ? warning(
          "results",
          words,
          `a long run may need ${needMib} MiB; make room or lower dashboard.previews.keepMib`,
        )
      : ok("results", words);
  return [room, ...(await lastLine(resultsPath(folder, "results.jsonl")))];
}

function unwritable(folder: string, error: unknown): Finding {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  const advice = "set results.folder to a folder that can be written";
  return failed("results", `${folder} cannot be written: ${fileReason(cause)}`, advice);
}

/** Removes a folder and those around it up to `last`, as long as they are empty: an agent may have started meanwhile. */
async function removeEmpty(folder: string, last: string): Promise<void> {
  try {
    await rmdir(folder);
    if (folder !== last) await removeEmpty(dirname(folder), last);
  } catch {
    // Somebody uses it, so it stays.
  }
}

async function lastLine(path: string): Promise<Finding[]> {
  try {
    await assertNoPipe(path);
    const { size } = await stat(path);
    if (size === 0) return [];
    const file = await open(path);
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1).finally(() => file.close());
    if (buffer.toString() === "\n") return [ok("results.jsonl", "ends with a complete line")];
    const advice = "nothing to do: the next start moves the cut-off line to results.jsonl.torn";
    return [warning("results.jsonl", "ends with a cut-off line", advice)];
  } catch (error) {
    return errorCode(error) === "ENOENT"
      ? []
      : [failed("results.jsonl", fileReason(error), "look at its permissions, or move it away")];
  }
}
