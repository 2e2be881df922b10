import { join, resolve } from "node:path";
import Database from "libsql";
import { OutputError, reasonOf } from "../errors.js";

/** An empty file; who has it locked is known to the operating system alone, which forgets it when a process dies. */
const LOCK_FILE = ".agent.lock";

/** Keeps a results folder to one agent. Nothing that a crash leaves behind keeps the next one out. */
export class FolderLock {
  readonly #database: Database.Database;

  private constructor(database: Database.Database) {
    this.#database = database;
  }

  /** @throws OutputError if another agent writes there, or the folder cannot be written. */
  static acquire(folder: string): FolderLock {
    let database: Database.Database | undefined;
    try {
      database = new Database(join(folder, LOCK_FILE));
      // SQLite's file locks are the portable ones; nothing is ever stored in the file.
      database.exec("PRAGMA busy_timeout = 0; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
      return new FolderLock(database);
    } catch (cause) {
      database?.close();
      const reason = /locked|busy/i.test(reasonOf(cause))
        ? "another agent writes its results here; stop that one, or set results.folder to another folder"
        : `cannot be locked: ${reasonOf(cause)}; set results.folder to a folder on a disk of this machine`;
      throw new OutputError(resolve(folder), reason, { cause });
    }
  }

  release(): void {
    this.#database.close();
  }
}
