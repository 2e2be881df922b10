import { rmSync, statSync } from "node:fs";
import Database from "libsql";
import { reasonOf } from "./errors.js";
import { type FileIdentity, sameFileAt } from "./same-file.js";

/** Why a file cannot be locked at all. */
export interface NoLock {
  readonly reason: string;
  readonly cause: unknown;
}

/**
 * Keeps a file to one process. The lock file is empty; who has it locked is known to the operating system alone, which forgets it when a
 * process dies. So nothing that a crash leaves behind keeps the next one out.
 */
export class FileLock {
  readonly #database: Database.Database;
  readonly #path: string;
  readonly #file: FileIdentity;

  private constructor(database: Database.Database, path: string) {
    this.#database = database;
    this.#path = path;
    this.#file = statSync(path);
  }

  /** @returns the lock; "taken" where another process has it; the reason where the file cannot be locked at all. */
  static acquire(path: string): FileLock | "taken" | NoLock {
    let database: Database.Database | undefined;
    try {
      database = new Database(path);
      // SQLite's file locks are the portable ones; nothing is ever stored in the file.
      database.exec("PRAGMA busy_timeout = 0; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
      // Never committed. It fails where the file may only be read: such a lock keeps nobody out.
      database.exec("PRAGMA user_version = 1");
      return new FileLock(database, path);
    } catch (cause) {
      const reason = reasonOf(cause);
      if (/readonly/i.test(reason) && removeLock(path)) {
        database?.close();
        return FileLock.acquire(path);
      }
      database?.close();
      return /locked|busy/i.test(reason) ? "taken" : { reason, cause };
    }
  }

  /** Whether the file that is locked is still the one at its path; where it was removed, another process can lock the next one. */
  async isInPlace(): Promise<boolean> {
    return (await sameFileAt(this.#path, this.#file)) !== undefined;
  }

  /** @param remove the file, too, where the system removes files that are open. */
  release({ remove = false } = {}): void {
    if (remove) removeLock(this.#path);
    this.#database.close();
  }
}

/** Removes a lock file that nobody else has locked: while it is open here nobody can. */
function removeLock(path: string): boolean {
  try {
    if (statSync(path).size > 0) return false;
    rmSync(path);
    return true;
  } catch {
    return false;
  }
}
