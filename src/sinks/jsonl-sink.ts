import { type FileHandle, open } from "node:fs/promises";
import type { AgentConfig } from "../config/schema.js";
import { reasonOf } from "../errors.js";
import { makeResultsFolder, outputError, resultsPath } from "./results-folder.js";
import type { ResultRecord, Sink, SinkContext, SinkCounts } from "./sink.js";
import { repairTornLine } from "./torn-line.js";

/** Lines that are kept while the disk refuses them; beyond that the oldest are lost. */
const MAX_PENDING_LINES = 20_000;
/** Time between two attempts while the disk refuses, ms. */
const RETRY_MS = 1000;

/** The part of a file handle that is used here. */
export type LineFile = Pick<FileHandle, "write" | "datasync" | "truncate" | "stat" | "close">;

/**
 * results.jsonl: one line a record, appended. When it is forced to the disk is configured (`results.fsync`); a line
 * is always handed to the system at once. While the disk refuses, lines are kept and tried again.
 */
export class JsonlSink implements Sink {
  readonly #config: AgentConfig["results"];
  readonly #context: SinkContext;
  readonly #path: string;
  readonly #openFile: (path: string) => Promise<LineFile>;
  #file: LineFile | undefined;
  /** Bytes of whole lines in the file. */
  #size = 0;
  #pending: string[] = [];
  #pumping: Promise<void> | undefined;
  #cancelTimer: (() => void) | undefined;
  #isDirty: boolean = false;
  #isFailing: boolean = false;
  #isStopped: boolean = false;
  #written = 0;
  #failures = 0;
  #lost = 0;

  /** @param openFile replaces the file system in tests. */
  constructor(
    config: AgentConfig["results"],
    context: SinkContext,
    openFile: (path: string) => Promise<LineFile> = (path) => open(path, "a"),
  ) {
    this.#config = config;
    this.#context = context;
    this.#path = resultsPath(config.folder, "results.jsonl");
    this.#openFile = openFile;
  }

  async start(signal: AbortSignal): Promise<string> {
    await makeResultsFolder(this.#config.folder);
    try {
      const tornBytes = await repairTornLine(this.#path);
      if (tornBytes > 0) {
        const fields = { file: this.#path, movedTo: `${this.#path}.torn`, bytes: tornBytes };
        this.#context.log.warn(fields, "The last line was cut off by a crash; it was moved away");
      }
      this.#file = await this.#openFile(this.#path);
      this.#size = (await this.#file.stat()).size;
    } catch (cause) {
      throw outputError(this.#path, cause);
    }
    signal.throwIfAborted();
    return this.#path;
  }

  write(record: ResultRecord): void {
    if (this.#isStopped) {
      this.#lost++;
      return;
    }
    this.#pending.push(`${JSON.stringify(record)}\n`);
    if (this.#pending.length > MAX_PENDING_LINES) {
      this.#pending.shift();
      this.#lost++;
    }
    if (!this.#isFailing) this.#pump();
  }

  counts(): SinkCounts {
    return { written: this.#written, failures: this.#failures, lost: this.#lost };
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#pumping;
    this.#pump();
    await this.#pumping;
    this.#cancelTimer?.();
    const file = this.#file;
    this.#file = undefined;
    if (file === undefined) return;
    if (this.#pending.length > 0) {
      this.#lost += this.#pending.length;
      this.#context.log.error(
        { file: this.#path, lines: this.#pending.length },
        "Results could not be written",
      );
    }
    try {
      if (this.#config.fsync !== "never") await file.datasync();
    } catch (error) {
      this.#failed(error);
    }
    await file.close().catch(() => undefined);
  }

  #pump(): void {
    if (this.#file === undefined) return;
    this.#pumping ??= this.#writePending().finally(() => {
      this.#pumping = undefined;
      if (this.#pending.length > 0 && !this.#isFailing) this.#pump();
    });
  }

  async #writePending(): Promise<void> {
    const file = this.#file;
    const lines = this.#pending;
    if (file === undefined) return;
    if (lines.length === 0) {
      this.#isFailing = false;
      return;
    }
    this.#pending = [];
    const bytes = Buffer.from(lines.join(""));
    try {
      for (let offset = 0; offset < bytes.length; ) {
        const { bytesWritten } = await file.write(bytes, offset, bytes.length - offset, null);
        offset += bytesWritten;
      }
      if (this.#config.fsync === "every-line") await file.datasync();
    } catch (error) {
      this.#pending = [...lines, ...this.#pending];
      // What was written of these lines would be torn, or there twice after the next attempt.
      await file.truncate(this.#size).catch(() => undefined);
      this.#failed(error);
      return;
    }
    this.#size += bytes.length;
    this.#written += lines.length;
    this.#succeeded();
  }

  #succeeded(): void {
    if (this.#isFailing) {
      this.#isFailing = false;
      this.#context.log.info({ file: this.#path }, "Results can be written again");
    }
    if (this.#config.fsync !== "interval" || this.#isDirty) return;
    this.#isDirty = true;
    this.#cancelTimer = this.#context.clock.after(this.#config.fsyncMs, () => {
      this.#isDirty = false;
      this.#file?.datasync().catch((error: unknown) => this.#failed(error));
    });
  }

  #failed(error: unknown): void {
    this.#failures++;
    if (!this.#isFailing) {
      const fields = { file: this.#path, reason: reasonOf(error) };
      this.#context.log.error(fields, "Results cannot be written; they are kept and tried again");
    }
    this.#isFailing = true;
    this.#cancelTimer?.();
    this.#isDirty = false;
    this.#cancelTimer = this.#context.clock.after(RETRY_MS, () => this.#pump());
  }
}
