import { existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { OutputError } from "../errors.js";
import { FileLock, type NoLock } from "../file-lock.js";
import { RESULTS_LOCK } from "../frames/own-folders.js";
import { outputError, refusalOf } from "./results-folder.js";

/**
 * Keeps a results folder to one agent.
 * @throws OutputError if another agent writes there, or the folder cannot be written.
 */
export function lockFolder(folder: string): FileLock {
  const lock = acquire(folder);
  if (lock instanceof FileLock) return lock;
  if (lock === "taken") throw takenError(folder);
  throw unlockableError(folder, lock);
}

/**
 * Makes sure that an agent could keep a results folder to itself. One may do so now. Leaves no lock file behind where none was.
 * @throws OutputError if none could.
 */
export function assertLockable(folder: string): void {
  const isNew = !existsSync(lockPath(folder));
  const lock = acquire(folder);
  if (lock instanceof FileLock) lock.release({ remove: isNew });
  else if (lock !== "taken") throw unlockableError(folder, lock);
}

/**
 * Locks a folder again whose lock was removed, as long as its file system lets it.
 * @throws OutputError if another agent has been quicker.
 */
export async function lockFolderAgain(
  folder: string,
  lock: FileLock | undefined,
): Promise<FileLock | undefined> {
  if (lock === undefined || (await lock.isInPlace())) return lock;
  const next = acquire(folder);
  if (next === "taken") throw takenError(folder);
  if (!(next instanceof FileLock)) return lock;
  lock.release();
  return next;
}

function acquire(folder: string): ReturnType<typeof FileLock.acquire> {
  return FileLock.acquire(lockPath(folder));
}

function lockPath(folder: string): string {
  return join(folder, RESULTS_LOCK);
}

/** A lock is an empty file. */
function isForeign(path: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats !== undefined && (!stats.isFile() || stats.size > 0);
}

function unlockableError(folder: string, { reason, cause }: NoLock): OutputError {
  // SQLite has a number for it only.
  const refusal = refusalOf(folder);
  if (refusal !== undefined) return outputError(resolve(folder), refusal);
  const advice = isForeign(lockPath(folder))
    ? `${RESULTS_LOCK} in it is no lock of an agent: remove it`
    : /readonly/i.test(reason)
      ? `${RESULTS_LOCK} in it may not be written, perhaps as another user made it: remove it`
      : `${reason}; set results.folder to a folder on a disk of this machine`;
  return new OutputError(resolve(folder), `cannot be locked: ${advice}`, { cause });
}

function takenError(folder: string): OutputError {
  const reason =
    "another agent writes its results here; stop that one, or set results.folder to another folder";
  return new OutputError(resolve(folder), reason);
}
