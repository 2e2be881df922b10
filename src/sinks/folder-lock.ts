import { join, resolve } from "node:path";
import { OutputError } from "../errors.js";
import { FileLock } from "../file-lock.js";

/**
 * Keeps a results folder to one agent.
 * @throws OutputError if another agent writes there, or the folder cannot be written.
 */
export function lockFolder(folder: string): FileLock {
  const lock = FileLock.acquire(join(folder, ".agent.lock"));
  if (lock instanceof FileLock) return lock;
  if (lock === "taken") {
    const reason =
      "another agent writes its results here; stop that one, or set results.folder to another folder";
    throw new OutputError(resolve(folder), reason);
  }
  const reason = `cannot be locked: ${lock.reason}; set results.folder to a folder on a disk of this machine`;
  throw new OutputError(resolve(folder), reason, { cause: lock.cause });
}
