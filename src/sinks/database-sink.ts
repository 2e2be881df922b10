import { stat } from "node:fs/promises";
import type { AgentConfig } from "../config/schema.js";
import { reasonOf } from "../errors.js";
import type { ResultRecord } from "../records/record.js";
import { recordText } from "../records/record-line.js";
import { storePlace, storeUrlIn } from "../store/open-database.js";
import { MAX_BATCH } from "../store/results-store.js";
import { StoreClient } from "../store/store-client.js";
import { PendingLines } from "./pending-lines.js";
import { resultsPath } from "./results-folder.js";
import type { Sink, SinkContext, SinkCounts } from "./sink.js";

/** Records that are kept while the database refuses, bytes; beyond that it misses the oldest until its next start. */
const MAX_PENDING_BYTES = 64 * 2 ** 20;
/** Time between two attempts while it refuses, ms. */
const RETRY_MS = 1000;
/** Lines of results.jsonl that are read at a time after a start. */
const CATCH_UP_LINES = 2000;
const DAY_MS = 86_400_000;

type DatabaseSinkConfig = Pick<AgentConfig, "database" | "results">;

/**
 * The results store. Records are written in batches by a thread of its own. While the database refuses or is away,
 * they are kept and tried again; the agent starts and goes on without it. What a crash kept from the database comes
 * from results.jsonl at the next start.
 */
export class DatabaseSink implements Sink {
  readonly #config: DatabaseSinkConfig;
  readonly #context: SinkContext;
  readonly #url: string;
  readonly #store: StoreClient;
  readonly #pending = new PendingLines(MAX_PENDING_BYTES);
  #pumping: Promise<void> | undefined;
  #cancelTimer: (() => void) | undefined;
  #isOpen: boolean = false;
  #isStopped: boolean = false;
  /** Why the database does not do its work, while it does not. */
  #problem: string | undefined = "the results store is being opened";
  #isFailing: boolean = false;
  #written = 0;
  #failures = 0;
  #lost = 0;

  constructor(config: DatabaseSinkConfig, context: SinkContext) {
    this.#config = config;
    this.#context = context;
    this.#url = config.database.url ?? storeUrlIn(config.results.folder);
    this.#store = new StoreClient(this.#url);
  }

  /** Why runs cannot be read at present, if so. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** The store, with all records so far written to it as far as it takes them. */
  async store(): Promise<StoreClient> {
    await this.#pumping;
    this.#pump();
    await this.#pumping;
    return this.#store;
  }

  /** Opens the database meanwhile: it may be slow, or away. */
  start(signal: AbortSignal): Promise<string> {
    signal.throwIfAborted();
    this.#pump();
    return Promise.resolve(storePlace(this.#url));
  }

  write(record: ResultRecord): void {
    if (this.#isStopped) {
      this.#lost++;
      return;
    }
    this.#lost += this.#pending.add(recordText(record));
    if (this.#isFailing) return;
    if (this.#pending.length >= MAX_BATCH) this.#pump();
    else this.#cancelTimer ??= this.#context.clock.after(this.#config.database.batchMs, () => this.#pump());
  }

  /** `written` counts what the database has acknowledged. */
  counts(): SinkCounts {
    return { written: this.#written, failures: this.#failures, lost: this.#lost };
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.store();
    this.#cancelTimer?.();
    if (this.#pending.length > 0) {
      const fields = { database: storePlace(this.#url), records: this.#pending.length };
      this.#context.log.error(
        fields,
        "Records did not get into the database; the next start reads them again",
      );
      this.#lost += this.#pending.length;
    }
    await this.#store.stop();
  }

  #pump(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#pumping ??= this.#writePending().finally(() => {
      this.#pumping = undefined;
      if (this.#pending.length >= MAX_BATCH && !this.#isFailing) this.#pump();
    });
  }

  async #writePending(): Promise<void> {
    let batch: string[] = [];
    try {
      if (!this.#isOpen || this.#store.isClosed || !(await this.#isInPlace())) await this.#openStore();
      // Stopped before it had caught up: these lines are in results.jsonl, too.
      while (this.#isOpen && this.#pending.length > 0) {
        batch = this.#pending.take(MAX_BATCH);
        await this.#store.write(batch);
        this.#written += batch.length;
        batch = [];
      }
      this.#succeeded();
    } catch (error) {
      this.#lost += this.#pending.putBack(batch);
      this.#failed(error);
    }
  }

  async #openStore(): Promise<void> {
    const { log, clock } = this.#context;
    if (this.#isOpen && !this.#store.isClosed) {
      log.error(
        { database: storePlace(this.#url) },
        "The database was removed during the run; it is made again",
      );
      await this.#store.stop();
    }
    this.#isOpen = false;
    await this.#store.start();
    await this.#catchUp();
    if (this.#isStopped) return;
    const { keepDays } = this.#config.database;
    if (keepDays !== undefined) {
      const runs = await this.#store.deleteOlderThan(clock.wallMs() - keepDays * DAY_MS);
      if (runs > 0) log.info({ runs, keepDays }, "Old runs were deleted from the database");
    }
    this.#isOpen = true;
  }

  /** A part at a time: a long file must not hold up a stop. What is left is read at the next start. */
  async #catchUp(): Promise<void> {
    const path = resultsPath(this.#config.results.folder, "results.jsonl");
    let lines = 0;
    // Lines that come meanwhile are also among those that wait.
    for (let read = CATCH_UP_LINES; read >= CATCH_UP_LINES && !this.#isStopped; lines += read) {
      read = await this.#store.catchUp(path, CATCH_UP_LINES);
    }
    if (lines > 0) this.#context.log.info({ lines }, "The database has read results.jsonl");
  }

  /** False for a file that somebody has removed: what is written to it then is nowhere. */
  async #isInPlace(): Promise<boolean> {
    if (!this.#url.startsWith("file:")) return true;
    return (await stat(storePlace(this.#url)).catch(() => undefined)) !== undefined;
  }

  #succeeded(): void {
    if (this.#isFailing) this.#context.log.info("The database takes records again");
    this.#isFailing = false;
    this.#problem = undefined;
  }

  #failed(error: unknown): void {
    this.#failures++;
    const reason = reasonOf(error);
    if (!this.#isFailing) {
      this.#context.log.error({ reason }, "The database cannot be used; records are kept and tried again");
    }
    this.#isFailing = true;
    this.#problem = reason;
    if (!this.#isStopped) this.#cancelTimer = this.#context.clock.after(RETRY_MS, () => this.#pump());
  }
}
