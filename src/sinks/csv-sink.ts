import { access, constants, open, stat } from "node:fs/promises";
import type { AgentConfig } from "../config/schema.js";
import { OutputError, reasonOf } from "../errors.js";
import { passed } from "../protocol/clock.js";
import type { ResultRecord } from "../records/record.js";
import { recordText } from "../records/record-line.js";
import { WorkerThread } from "../worker-thread.js";
import { PendingLines } from "./pending-lines.js";
import { assertNoPipe, makeResultsFolder, outputError, resultsPath } from "./results-folder.js";
import type { Sink, SinkContext, SinkCounts } from "./sink.js";
import type { SitesUpdate, SitesWorkerData } from "./sites-worker.js";

/** The table is written at most this share of the time, however large it grows, and made again where it was lost. */
const MAX_WRITING_SHARE = 0.05;
/** Longest time that a stop waits for the table, ms. */
const STOP_MS = 5000;
/** Records that wait for the table, bytes; beyond that it misses the oldest until the next start. */
const MAX_PENDING_BYTES = 64 * 2 ** 20;

/**
 * sites.csv: one row a site, channel and time point, rewritten as a whole (temporary file, then rename) a while after a change, by a
 * thread of its own. What it held before a restart comes back from results.jsonl in the same folder, beside the run.
 */
export class CsvSink implements Sink {
  readonly #config: AgentConfig["results"];
  readonly #context: SinkContext;
  readonly #path: string;
  readonly #pending = new PendingLines(MAX_PENDING_BYTES);
  #thread: WorkerThread | undefined;
  #cancelTimer: (() => void) | undefined;
  #writing: Promise<void> | undefined;
  /** When the table may be written again, monotonic, ms; its thread is told of records meanwhile. */
  #nextWriteMs = Number.NEGATIVE_INFINITY;
  /** Whether something was recorded that the table as it was written last may not have. */
  #isBehind: boolean = false;
  #isFailing: boolean = false;
  /** Whether a stop has waited long enough, and whether that has cut something off. */
  #isGivenUp: boolean = false;
  #isCutOff: boolean = false;
  #written = 0;
  #failures = 0;
  #lost = 0;

  constructor(config: AgentConfig["results"], context: SinkContext) {
    this.#config = config;
    this.#context = context;
    this.#path = resultsPath(config.folder, "sites.csv");
  }

  async start(signal: AbortSignal): Promise<string> {
    await makeResultsFolder(this.#config.folder);
    try {
      // Told now rather than by the thread, which may have a long table to make first.
      await access(this.#config.folder, constants.W_OK);
      await assertNoPipe(this.#path);
      await (await open(this.#path, "a")).close();
    } catch (cause) {
      throw outputError(this.#path, cause);
    }
    signal.throwIfAborted();
    this.#update(async () => void (await this.#live()));
    return this.#path;
  }

  write(record: ResultRecord): void {
    this.#lost += this.#pending.add(recordText(record));
    this.#isBehind = true;
    this.#schedule();
  }

  counts(): SinkCounts {
    return { written: this.#written, failures: this.#failures, lost: this.#lost };
  }

  async stop(): Promise<void> {
    this.#cancelTimer?.();
    const finishing = (async () => {
      await this.#writing;
      if (!this.#isGivenUp) this.#updateTable(true);
      await this.#writing;
    })();
    await Promise.race([finishing, passed(this.#context.clock, STOP_MS)]);
    this.#cancelTimer?.();
    this.#isGivenUp = true;
    await this.#thread?.stop();
    await finishing;
    if (!this.#isCutOff) return;
    const happened = "The table of sites was not finished before the stop";
    const then = "the next start makes it again from results.jsonl";
    this.#context.log.warn({ file: this.#path }, `${happened}; ${then}`);
  }

  #schedule(): void {
    if (this.#cancelTimer !== undefined || this.#writing !== undefined) return;
    // What has failed is not tried again before its time: the table may have to be made anew.
    const dueMs = this.#isFailing ? this.#nextWriteMs - this.#context.clock.now() : 0;
    const delayMs = Math.max(this.#config.csvMs, dueMs);
    this.#cancelTimer = this.#context.clock.after(delayMs, () => this.#updateTable());
  }

  #updateTable(isLast = false): void {
    this.#update(async () => {
      const thread = await this.#live();
      // To start the thread and to read what was there takes long, but is done once.
      const startMs = this.#context.clock.now();
      const isDue = isLast || startMs >= this.#nextWriteMs;
      if (isDue) this.#isBehind = false;
      // After a failure there may be nothing new, and still something to write.
      const update: SitesUpdate = { lines: this.#pending.take(), isDue };
      if (await thread.call("update", update)) this.#written++;
      if (!isDue) return;
      this.#isFailing = false;
      this.#pause(startMs);
    });
  }

  /** Until the next time that the table is written. @param startMs when this time began. */
  #pause(startMs: number): void {
    const now = this.#context.clock.now();
    this.#nextWriteMs = now + (now - startMs) / MAX_WRITING_SHARE;
  }

  #update(work: () => Promise<void>): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const startMs = this.#context.clock.now();
    this.#writing = work()
      .catch((error: unknown) => {
        this.#pause(startMs);
        this.#failed(error);
      })
      .finally(() => {
        this.#writing = undefined;
        if ((this.#isFailing || this.#isBehind) && !this.#isGivenUp) this.#schedule();
      });
  }

  #failed(error: unknown): void {
    if (this.#isGivenUp) {
      this.#isCutOff = true;
      return;
    }
    this.#failures++;
    if (!this.#isFailing) {
      const fields = { file: this.#path, reason: reasonOf(error) };
      this.#context.log.error(fields, "The table of sites cannot be written");
    }
    this.#isFailing = true;
  }

  /** The thread with the table; another one, which makes it again, where it has ended. */
  async #live(): Promise<WorkerThread> {
    if (this.#thread?.hasEnded === false) return this.#thread;
    const journal = resultsPath(this.#config.folder, "results.jsonl");
    const journalBytes = await stat(journal).then(
      ({ size }) => size,
      () => 0,
    );
    if (this.#isGivenUp) throw new OutputError(this.#path, "nothing more is written after a stop");
    const workerData: SitesWorkerData = { path: this.#path, journal, journalBytes };
    this.#thread = new WorkerThread("sites-worker.js", import.meta.url, { workerData });
    await this.#thread.call("restore");
    return this.#thread;
  }
}
