import type { Stats } from "node:fs";
import { copyFile, type FileHandle, open, rename, rm, stat } from "node:fs/promises";
import { StoreError } from "../errors.js";
import { errorCode } from "../frames/file-reasons.js";

/**
 * Of the index of SQLite's log (-shm), the bytes that change whenever SQLite itself begins to write into the database, or has done so:
 * what tells one log from the next, how much of it is in the database, and how much was to be (https://www.sqlite.org/walformat.html).
 * Between them lie bytes that are locked.
 */
const LOG_NAME = [32, 40] as const;
const COPIED = [96, 100] as const;
const BEGUN = [128, 132] as const;

/**
 * The file of a database that is open, to notice what others do to it: SQLite itself goes on with a file that has no name any
 * more, and mixes its pages with those of one that was written over it.
 */
export class PlacedFile {
  readonly #path: string;
  /** Held for as long as the database is open: closing them would take SQLite's locks away, which are the process's. */
  readonly #file: FileHandle;
  readonly #index: FileHandle | undefined;
  /** As it was when it was looked at last. */
  #written: string | undefined;
  #copied: string | undefined;
  /** When the one that was found in its place was written last. */
  #othersMs: number | undefined;

  private constructor(path: string, file: FileHandle, index: FileHandle | undefined) {
    this.#path = path;
    this.#file = file;
    this.#index = index;
  }

  /** @param path of a database that was opened. */
  static async of(path: string): Promise<PlacedFile> {
    const file = await open(path, "r");
    // Where SQLite can keep no log, it looks itself whether the file has changed.
    return new PlacedFile(path, file, await open(`${path}-shm`, "r").catch(() => undefined));
  }

  /**
   * Whether the file is still the one that was opened; `gone`: there is none, or it cannot be reached as it was opened. To be asked
   * while nothing is written.
   * @throws StoreError while another one is being written in its place, and what the system says of a place that cannot be looked at.
   */
  async look(): Promise<"same" | "gone" | "replaced"> {
    const [own, placed] = [await this.#file.stat().catch(() => undefined), await statIn(this.#path)];
    if (own === undefined || placed === undefined) return "gone";
    if (own.ino === placed.ino && own.dev === placed.dev && (await this.#isSqlites(own))) return "same";
    const isWhole = placed.mtimeMs === this.#othersMs;
    this.#othersMs = placed.mtimeMs;
    if (isWhole) return "replaced";
    throw new StoreError(this.#path, "was replaced by another file; that one is used once it stays as it is");
  }

  /**
   * Lets go of the file with the database. One that was put in its place stays as it is: SQLite would write into it what it has of
   * the old one, now and, from the log beside it, when it opens it.
   */
  async close(closeDatabase: () => Promise<void>): Promise<void> {
    const isAnother = await this.look().then(
      (found) => found === "replaced",
      (error: unknown) => error instanceof StoreError,
    );
    const kept = `${this.#path}.replaced`;
    if (isAnother) await copyFile(this.#path, kept);
    try {
      await closeDatabase();
    } finally {
      await this.#file.close();
      await this.#index?.close();
    }
    if (!isAnother) return;
    for (const log of ["-wal", "-shm"]) await rm(this.#path + log, { force: true });
    await rename(kept, this.#path);
  }

  /** Whether it was SQLite that has written into it, if anybody has. */
  async #isSqlites({ size, mtimeMs }: Stats): Promise<boolean> {
    if (this.#index === undefined) return true;
    let copied = "";
    for (const [from, to] of [LOG_NAME, COPIED, BEGUN]) {
      const { buffer } = await this.#index.read(Buffer.alloc(to - from), 0, to - from, from);
      copied += buffer.toString("hex");
    }
    const written = `${size} ${mtimeMs}`;
    if (this.#written !== undefined && written !== this.#written && copied === this.#copied) return false;
    [this.#written, this.#copied] = [written, copied];
    return true;
  }
}

async function statIn(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
