import type { AgentConfig } from "../config/schema.js";
import { reasonOf } from "../errors.js";
import { errorCode } from "../frames/file-reasons.js";
import { writeAtomically } from "../frames/write-atomically.js";
import { readRecords } from "./record-line.js";
import { makeResultsFolder, outputError, resultsPath } from "./results-folder.js";
import type { ResultRecord, Sink, SinkContext, SinkCounts } from "./sink.js";
import { SitesTable } from "./sites-table.js";

/** The table is rewritten at most this share of the time, however large it grows. */
const MAX_WRITING_SHARE = 0.05;

/**
 * sites.csv: one row a site and channel, rewritten as a whole (temporary file, then rename) a while after a change.
 * What it held before a restart comes back from results.jsonl in the same folder.
 */
export class CsvSink implements Sink {
  readonly #config: AgentConfig["results"];
  readonly #context: SinkContext;
  readonly #path: string;
  readonly #table = new SitesTable();
  #isDirty: boolean = false;
  #cancelTimer: (() => void) | undefined;
  #writing: Promise<void> | undefined;
  #lastWriteMs = 0;
  #isFailing: boolean = false;
  #written = 0;
  #failures = 0;

  constructor(config: AgentConfig["results"], context: SinkContext) {
    this.#config = config;
    this.#context = context;
    this.#path = resultsPath(config.folder, "sites.csv");
  }

  async start(signal: AbortSignal): Promise<string> {
    await makeResultsFolder(this.#config.folder);
    await this.#restore(signal);
    try {
      await writeAtomically(this.#path, Buffer.from(this.#table.toCsv()));
    } catch (cause) {
      throw outputError(this.#path, cause instanceof Error ? (cause.cause ?? cause) : cause);
    }
    return this.#path;
  }

  write(record: ResultRecord): void {
    if (!this.#table.apply(record)) return;
    this.#isDirty = true;
    this.#schedule();
  }

  counts(): SinkCounts {
    return { written: this.#written, failures: this.#failures, lost: 0 };
  }

  async stop(): Promise<void> {
    this.#cancelTimer?.();
    await this.#writing;
    if (this.#isDirty) await this.#rewrite();
    this.#cancelTimer?.();
  }

  async #restore(signal: AbortSignal): Promise<void> {
    const file = resultsPath(this.#config.folder, "results.jsonl");
    try {
      for await (const record of readRecords(file, signal)) {
        if (record !== undefined) this.#table.apply(record);
      }
    } catch (error) {
      if (errorCode(error) !== "ENOENT") throw error;
    }
  }

  #schedule(): void {
    if (this.#cancelTimer !== undefined || this.#writing !== undefined) return;
    const delayMs = Math.max(this.#config.csvMs, this.#lastWriteMs / MAX_WRITING_SHARE);
    this.#cancelTimer = this.#context.clock.after(delayMs, () => {
      this.#cancelTimer = undefined;
      this.#writing = this.#rewrite().finally(() => {
        this.#writing = undefined;
        if (this.#isDirty) this.#schedule();
      });
    });
  }

  async #rewrite(): Promise<void> {
    const startMs = this.#context.clock.now();
    this.#isDirty = false;
    try {
      await writeAtomically(this.#path, Buffer.from(this.#table.toCsv()));
      this.#written++;
      this.#isFailing = false;
    } catch (error) {
      this.#isDirty = true;
      this.#failures++;
      if (!this.#isFailing) {
        this.#context.log.error(
          { file: this.#path, reason: reasonOf(error) },
          "The table of sites cannot be written",
        );
      }
      this.#isFailing = true;
    }
    this.#lastWriteMs = this.#context.clock.now() - startMs;
  }
}
