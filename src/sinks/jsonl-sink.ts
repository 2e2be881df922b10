import { type FileHandle, open } from "node:fs/promises";
import type { AgentConfig } from "../config/schema.js";
import type { FileLock } from "../file-lock.js";
import { fileReason } from "../frames/file-reasons.js";
import type { ResultRecord } from "../records/record.js";
import { recordText } from "../records/record-line.js";
import { sameFileAt } from "../same-file.js";
import { lockFolder, lockFolderAgain } from "./folder-lock.js";
import { Outbox } from "./outbox.js";
import { assertNoPipe, makeResultsFolder, outputError, resultsPath } from "./results-folder.js";
import type { Sink, SinkContext, SinkCounts } from "./sink.js";
import { repairTornLine } from "./torn-line.js";

/** Lines that are kept while the disk refuses them, bytes; beyond that the oldest are lost. */
const MAX_PENDING_BYTES = 64 * 2 ** 20;
/** Time between two attempts while the disk refuses, ms. */
const RETRY_MS = 1000;

/** The part of a file handle that is used here. */
export type LineFile = Pick<FileHandle, "write" | "datasync" | "truncate" | "stat" | "close">;

/**
 * results.jsonl: one line a record, appended, by one agent. A line is handed to the system at once; when it is forced to
 * the disk is configured (`results.fsync`). While the disk refuses, lines are kept and tried again. A file that was removed
 * or moved during the run is told and made again.
 */
export class JsonlSink implements Sink {
  readonly #config: AgentConfig["results"];
  readonly #context: SinkContext;
  readonly #path: string;
  readonly #openFile: (path: string) => Promise<LineFile>;
  #lock: FileLock | undefined;
  #file: LineFile | undefined;
  /** Which file it is, by the file system's own numbers. */
  #identity = { ino: 0, dev: 0 };
  /** Bytes of whole lines in the file. */
  #size = 0;
  readonly #outbox: Outbox;
  /** Calls off the next time that lines are forced to the disk. */
  #cancelSync: (() => void) | undefined;
  /** Times that the file turned out to be gone. */
  #removals = 0;

  /** @param openFile replaces the file system in tests. */
  constructor(
    config: AgentConfig["results"],
    context: SinkContext,
    openFile: (path: string) => Promise<LineFile> = openToAppend,
  ) {
    this.#config = config;
    this.#context = context;
    this.#path = resultsPath(config.folder, "results.jsonl");
    this.#openFile = openFile;
    this.#outbox = new Outbox({
      prepare: () => Promise.resolve(this.#file !== undefined),
      send: (lines, handedOver) => this.#writeLines(lines, handedOver),
      maxBytes: MAX_PENDING_BYTES,
      pauseMs: () => RETRY_MS,
      failed: (error, isFirst) => this.#failed(error, isFirst),
      succeeded: (hadFailed) => this.#succeeded(hadFailed),
      clock: context.clock,
    });
  }

  async start(signal: AbortSignal): Promise<string> {
    const { folder } = this.#config;
    await makeResultsFolder(folder);
    this.#lock = lockFolder(folder);
    try {
      await assertNoPipe(this.#path);
      const tornBytes = await repairTornLine(this.#path);
      if (tornBytes > 0) {
        const fields = { file: this.#path, movedTo: `${this.#path}.torn`, bytes: tornBytes };
        this.#context.log.warn(fields, "The last line was cut off by a crash; it was moved away");
      }
      await this.#open();
    } catch (cause) {
      throw outputError(this.#path, cause);
    }
    signal.throwIfAborted();
    return this.#path;
  }

  /** Resolves when the line is handed to the system, or is kept because the disk refuses it. */
  write(record: ResultRecord): Promise<void> {
    return this.#outbox.add(`${recordText(record)}\n`);
  }

  counts(): SinkCounts {
    const counts = this.#outbox.counts();
    return { ...counts, failures: counts.failures + this.#removals };
  }

  async stop(): Promise<void> {
    const lines = await this.#outbox.stop();
    if (lines > 0) this.#context.log.error({ file: this.#path, lines }, "Results could not be written");
    this.#cancelSync?.();
    const file = this.#file;
    this.#file = undefined;
    if (file !== undefined) await this.#close(file);
    this.#lock?.release();
    this.#lock = undefined;
  }

  async #open(): Promise<void> {
    this.#file = await this.#openFile(this.#path);
    const { size, ino, dev } = await this.#file.stat();
    this.#size = size;
    this.#identity = { ino, dev };
  }

  async #close(file: LineFile): Promise<void> {
    try {
      if (this.#config.fsync !== "never") await file.datasync();
    } catch (error) {
      this.#outbox.noteFailure(error);
    }
    await file.close().catch(() => undefined);
  }

  async #writeLines(lines: readonly string[], handedOver: () => void): Promise<void> {
    const bytes = Buffer.from(lines.join(""));
    if (this.#outbox.isFailing) await this.#getReady();
    try {
      await this.#write(bytes);
      handedOver();
      const size = await this.#sizeInPlace();
      if (size === undefined) await this.#writeAgain(bytes);
      else if (size < this.#size) this.#wasCut(size);
    } catch (error) {
      // What was written of these lines would be torn, or there twice after the next attempt.
      await this.#cutBack().catch(() => undefined);
      throw error;
    }
    // Only now: what another agent has appended since must not be cut off.
    this.#lock = await lockFolderAgain(this.#config.folder, this.#lock);
  }

  async #getReady(): Promise<void> {
    const lock = await lockFolderAgain(this.#config.folder, this.#lock);
    if (lock === this.#lock && (await this.#sizeInPlace()) !== undefined) return;
    this.#lock = lock;
    await this.#openAnew();
  }

  /** Writes into a new file what has gone into one that turns out to be gone. */
  async #writeAgain(bytes: Buffer): Promise<void> {
    this.#removals++;
    this.#context.log.error(
      { file: this.#path },
      "Results were removed or moved during the run; they begin anew",
    );
    await this.#openAnew();
    await this.#write(bytes);
  }

  /** Another program has emptied or shortened the file; what was written last came after that. */
  #wasCut(size: number): void {
    this.#size = size;
    this.#removals++;
    this.#context.log.error(
      { file: this.#path },
      "Another program cut results off during the run; they go on behind what is left",
    );
  }

  async #cutBack(): Promise<void> {
    const file = this.#file;
    // To make it longer would fill it with zeros.
    if (file !== undefined && (await file.stat()).size > this.#size) await file.truncate(this.#size);
  }

  async #openAnew(): Promise<void> {
    const old = this.#file;
    await makeResultsFolder(this.#config.folder);
    await this.#open();
    await old?.close().catch(() => undefined);
  }

  async #write(bytes: Buffer): Promise<void> {
    const file = this.#file!;
    for (let offset = 0; offset < bytes.length; ) {
      const { bytesWritten } = await file.write(bytes, offset, bytes.length - offset, null);
      offset += bytesWritten;
    }
    if (this.#config.fsync === "every-line" && bytes.length > 0) await file.datasync();
    this.#size += bytes.length;
  }

  /** Bytes of the file at the path, if it is the open one. */
  async #sizeInPlace(): Promise<number | undefined> {
    return (await sameFileAt(this.#path, this.#identity))?.size;
  }

  #succeeded(hadFailed: boolean): void {
    if (hadFailed) this.#context.log.info({ file: this.#path }, "Results can be written again");
    if (this.#config.fsync !== "interval" || this.#cancelSync !== undefined) return;
    this.#cancelSync = this.#context.clock.after(this.#config.fsyncMs, () => {
      this.#cancelSync = undefined;
      this.#file?.datasync().catch((error: unknown) => this.#outbox.noteFailure(error));
    });
  }

  #failed(error: unknown, isFirst: boolean): void {
    this.#cancelSync?.();
    this.#cancelSync = undefined;
    if (!isFirst) return;
    const fields = { file: this.#path, reason: fileReason(error) };
    this.#context.log.error(fields, "Results cannot be written; they are kept and tried again");
  }
}

async function openToAppend(path: string): Promise<LineFile> {
  await assertNoPipe(path);
  return open(path, "a");
}
