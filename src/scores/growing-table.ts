import { type FileHandle, open, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { OutputError } from "../errors.js";
import { FileLock } from "../file-lock.js";
import { fileReason } from "../frames/file-reasons.js";
import { imageOrder } from "../frames/image-order.js";
import { openTable } from "./read-table.js";
import { type RunState, readState, statePath, writeState } from "./run-state.js";
import { header } from "./score-rows.js";
import { rowFormat, type TableFormat } from "./table-format.js";
import { writeTable } from "./write-table.js";

/** How often it is written down how far the table is, ms. What was done since is done again after a crash. */
const CHECKPOINT_MS = 1000;
const CHUNK_CHARACTERS = 256 * 1024;

export interface GrowingTableOptions {
  readonly path: string;
  readonly format: TableFormat;
  readonly columns: readonly string[];
  /** What its rows depend on. */
  readonly settings: RunState["settings"];
  /** Whether to go on with what an earlier run has left. */
  readonly resume: boolean;
  /** Monotonic, ms. */
  readonly now: () => number;
}

/**
 * A table that survives the end of its process at any moment. Rows go to `<path>.part`; `<path>.run.json` says how many of its bytes
 * are of files that are done, and which file was the last. The table itself appears when it is finished.
 */
export class GrowingTable {
  readonly #options: GrowingTableOptions;
  readonly #file: FileHandle;
  readonly #lock: FileLock | undefined;
  #state: RunState;
  #text = "";
  #bytes: number;
  #checkpointMs: number;

  private constructor(
    options: GrowingTableOptions,
    file: FileHandle,
    lock: FileLock | undefined,
    state: RunState,
  ) {
    this.#options = options;
    this.#file = file;
    this.#lock = lock;
    this.#state = state;
    this.#bytes = state.bytes;
    this.#checkpointMs = options.now();
  }

  /**
   * Begins a table, or goes on with it.
   * @throws OutputError where it cannot be written, another process writes it, or what is there is of a run with other settings.
   */
  static async open(options: GrowingTableOptions): Promise<GrowingTable> {
    const { path } = options;
    const part = partPath(path);
    const lock = lockTable(path);
    try {
      const left = options.resume ? await whatIsLeft(options) : undefined;
      const file = await open(part, left === undefined ? "w" : "r+");
      const { settings } = options;
      const state = left ?? { settings, files: 0, pages: 0, notScored: 0, bytes: 0, finished: false };
      const table = new GrowingTable(options, file, lock, state);
      if (left !== undefined) await file.truncate(left.bytes);
      else {
        await table.append(header(rowFormat(options.format), options.columns));
        await table.#checkpoint();
      }
      return table;
    } catch (cause) {
      lock?.release();
      throw asOutputError(path, cause);
    }
  }

  /** Files that are done, and pages that were scored and that could not be. */
  get done(): Pick<RunState, "files" | "pages" | "notScored"> {
    return this.#state;
  }

  /** Whether a file was done before this run. Files come in `imageOrder`. */
  isDone(path: string): boolean {
    const { last, finished } = this.#state;
    return finished || (last !== undefined && imageOrder(resolve(path), last) <= 0);
  }

  /** Adds rows of the file that is under way. @throws OutputError */
  async append(text: string): Promise<void> {
    this.#text += text;
    if (this.#text.length >= CHUNK_CHARACTERS) await this.#flush();
  }

  /** All rows of a file are there. @throws OutputError */
  async fileDone(path: string, pages: number, notScored: number): Promise<void> {
    const { files, pages: pagesBefore, notScored: notScoredBefore } = this.#state;
    this.#state = {
      ...this.#state,
      ...{ files: files + 1, pages: pagesBefore + pages, notScored: notScoredBefore + notScored },
      last: resolve(path),
    };
    if (this.#options.now() - this.#checkpointMs >= CHECKPOINT_MS) await this.#checkpoint();
  }

  /** Puts the table in its place. @throws OutputError */
  async finish(): Promise<void> {
    this.#state = { ...this.#state, finished: true };
    await this.#checkpoint();
    await this.#file.close();
    await publish(this.#options);
    this.#lock?.release();
  }

  /** Leaves it as it is, to be gone on with. */
  async leave(): Promise<void> {
    await this.#file.close();
    this.#lock?.release();
  }

  async #checkpoint(): Promise<void> {
    await this.#flush();
    await this.#file.datasync();
    this.#state = { ...this.#state, bytes: this.#bytes };
    await writeState(this.#options.path, this.#state);
    this.#checkpointMs = this.#options.now();
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.from(this.#text);
    this.#text = "";
    try {
      for (let written = 0; written < bytes.length; ) {
        const at = this.#bytes + written;
        written += (await this.#file.write(bytes, written, bytes.length - written, at)).bytesWritten;
      }
    } catch (cause) {
      throw asOutputError(this.#options.path, cause);
    }
    this.#bytes += bytes.length;
  }
}

/**
 * Keeps a table to one process; not where the disk knows no locks, as some network drives do.
 * @throws OutputError where another process writes it.
 */
function lockTable(path: string): FileLock | undefined {
  const lock = FileLock.acquire(join(dirname(path), `.${basename(path)}.lock`));
  if (lock === "taken") {
    throw new OutputError(
      path,
      "another parfocal score is writing it; wait for that one, or give --out another file",
    );
  }
  return lock instanceof FileLock ? lock : undefined;
}

function partPath(path: string): string {
  return `${path}.part`;
}

/** How far an earlier run came; undefined where there is nothing to go on with. */
async function whatIsLeft({ path, settings }: GrowingTableOptions): Promise<RunState | undefined> {
  const part = partPath(path);
  const size = await stat(part).then(
    (stats) => stats.size,
    () => undefined,
  );
  const state = size === undefined ? undefined : await readState(path);
  if (size === undefined || state === undefined) return undefined;
  const names = new Set([...Object.keys(settings), ...Object.keys(state.settings)]);
  const other = [...names].filter(
    (name) => JSON.stringify(settings[name]) !== JSON.stringify(state.settings[name]),
  );
  if (other.length > 0) {
    const reason = `was begun with other settings (${other.join(", ")}); --no-resume begins anew`;
    throw new OutputError(part, reason);
  }
  if (size < state.bytes) {
    throw new OutputError(part, `is shorter than ${statePath(path)} says; --no-resume begins anew`);
  }
  return state;
}

async function publish({ path, format, columns }: GrowingTableOptions): Promise<void> {
  const part = partPath(path);
  try {
    if (rowFormat(format) === format) await rename(part, path);
    else {
      await writeTable(path, format, columns, (await openTable(part, rowFormat(format))).rows);
      await rm(part);
    }
  } catch (cause) {
    throw asOutputError(path, cause);
  }
}

function asOutputError(path: string, cause: unknown): unknown {
  if (!(cause instanceof Error && "code" in cause)) return cause;
  return new OutputError(path, `cannot be written: ${fileReason(cause)}`, { cause });
}
