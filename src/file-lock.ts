import Database from "libsql";
import { reasonOf } from "./errors.js";

/**
 * Keeps a file to one process. The lock file is empty; who has it locked is known to the operating system alone, which forgets it when a
 * process dies. So nothing that a crash leaves behind keeps the next one out.
 */
export class FileLock {
  readonly #database: Database.Database;

  private constructor(database: Database.Database) {
    this.#database = database;
  }

  /** @returns the lock; "taken" where another process has it; the reason where the file cannot be locked at all. */
  static acquire(path: string): FileLock | "taken" | { readonly reason: string; readonly cause: unknown } {
    let database: Database.Database | undefined;
    try {
      database = new Database(path);
      // SQLite's file locks are the portable ones; nothing is ever stored in the file.
      database.exec("PRAGMA busy_timeout = 0; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
      return new FileLock(database);
    } catch (cause) {
      database?.close();
      const reason = reasonOf(cause);
      return /locked|busy/i.test(reason) ? "taken" : { reason, cause };
    }
  }

  release(): void {
    this.#database.close();
  }
}
