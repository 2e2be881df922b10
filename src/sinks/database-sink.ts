import type { AgentConfig } from "../config/schema.js";
import { reasonOf } from "../errors.js";
import { passed } from "../protocol/clock.js";
import type { ResultRecord } from "../records/record.js";
import { recordText } from "../records/record-line.js";
import { storePlace, storeUrlIn } from "../store/open-database.js";
import { PlacedFile } from "../store/placed-file.js";
import { MAX_BATCH } from "../store/results-store.js";
import { StoreClient } from "../store/store-client.js";
import { Outbox } from "./outbox.js";
import { resultsPath } from "./results-folder.js";
import type { Sink, SinkContext, SinkCounts } from "./sink.js";

/** Records that are kept while the database refuses, bytes; beyond that it misses the oldest until its next start. */
const MAX_PENDING_BYTES = 64 * 2 ** 20;
/** Time between two attempts while it refuses, ms. */
const RETRY_MS = 1000;
/** How long a stop may wait for records that are left, ms: results.jsonl has them, and the next start reads it. */
const LAST_BATCHES_MS = 3000;
/** How long whoever reads may have to wait while the store is being opened, ms; then it is told that it is not. */
const OPENING_MS = 5000;
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
  readonly #outbox: Outbox;
  /** Of SQLite, while it is open. */
  #file: PlacedFile | undefined;
  #isOpen: boolean = false;
  #isStopped: boolean = false;
  /** Why the database does not do its work, while it does not. */
  #problem: string | undefined = "the results store is being opened";

  constructor(config: DatabaseSinkConfig, context: SinkContext) {
    this.#config = config;
    this.#context = context;
    this.#url = config.database.url ?? storeUrlIn(config.results.folder);
    this.#store = new StoreClient(this.#url);
    this.#outbox = new Outbox({
      prepare: () => this.#makeReady(),
      send: (lines) => this.#store.write(lines),
      maxBytes: MAX_PENDING_BYTES,
      maxBatch: MAX_BATCH,
      delayMs: config.database.batchMs,
      pauseMs: () => RETRY_MS,
      failed: (error, isFirst) => this.#failed(error, isFirst),
      succeeded: (hadFailed) => this.#succeeded(hadFailed),
      clock: context.clock,
    });
  }

  /** Why runs cannot be read at present, if so. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** The store, with all records so far written to it as far as it takes them; undefined while it is not open: see `problem`. */
  async store(): Promise<StoreClient | undefined> {
    // It may still be read, and whoever reads need not wait until it has refused once more.
    if (this.#isOpen && this.#outbox.isFailing) return this.#store;
    const flushed = this.#outbox.flush();
    if (!this.#isOpen) await Promise.race([flushed, passed(this.#context.clock, OPENING_MS)]);
    if (!this.#isOpen) return undefined;
    await flushed;
    return this.#store;
  }

  /** Opens the database meanwhile: it may be slow, or away. */
  start(signal: AbortSignal): Promise<string> {
    signal.throwIfAborted();
    void this.#outbox.flush();
    return Promise.resolve(storePlace(this.#url));
  }

  write(record: ResultRecord): void {
    void this.#outbox.add(recordText(record));
  }

  /** `written` counts what the database has acknowledged. */
  counts(): SinkCounts {
    return this.#outbox.counts();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    const records = await this.#outbox.stop(LAST_BATCHES_MS);
    if (records > 0) {
      const fields = { database: storePlace(this.#url), records };
      this.#context.log.error(
        fields,
        "Records did not get into the database; the next start reads them again",
      );
    }
    await this.#close().catch((error: unknown) => this.#failed(error, true));
  }

  /** False where it was stopped before it had caught up: what waits is in results.jsonl, too. */
  async #makeReady(): Promise<boolean> {
    await this.#lookAtFile();
    if (!this.#isOpen || this.#store.isClosed) await this.#openStore();
    return this.#isOpen;
  }

  /** What is written to a file that somebody has removed is nowhere; one that was put in its place is damaged. */
  async #lookAtFile(): Promise<void> {
    const found = await this.#file?.look();
    if (found === undefined || found === "same") return;
    await this.#close();
    this.#isOpen = false;
    const [happened, becomes] =
      found === "gone"
        ? ["removed", "it is opened again, or made again"]
        : ["replaced", "the one in its place is used"];
    this.#context.log.error(
      { database: storePlace(this.#url) },
      `The database was ${happened} during the run; ${becomes}, with what results.jsonl holds`,
    );
  }

  async #close(): Promise<void> {
    const file = this.#file;
    await (file?.close(() => this.#store.stop()) ?? this.#store.stop());
    this.#file = undefined;
  }

  async #openStore(): Promise<void> {
    const { log, clock } = this.#context;
    this.#isOpen = false;
    await this.#store.start();
    if (this.#url.startsWith("file:")) this.#file ??= await PlacedFile.of(storePlace(this.#url));
    if (!(await this.#catchUp())) return;
    const { keepDays } = this.#config.database;
    if (keepDays !== undefined && !this.#isStopped) {
      const runs = await this.#store.deleteOlderThan(clock.wallMs() - keepDays * DAY_MS);
      if (runs > 0) log.info({ runs, keepDays }, "Old runs were deleted from the database");
    }
    this.#isOpen = true;
  }

  /**
   * A part at a time: a long file must not hold up a stop. What is left is read at the next start.
   * @returns whether all of it was read, as a short file is in any case.
   */
  async #catchUp(): Promise<boolean> {
    const path = resultsPath(this.#config.results.folder, "results.jsonl");
    let lines = 0;
    let read: number;
    // Lines that come meanwhile are also among those that wait.
    do {
      read = await this.#store.catchUp(path, CATCH_UP_LINES);
      lines += read;
      this.#problem = `the results store is reading results.jsonl, ${lines} lines so far`;
    } while (read >= CATCH_UP_LINES && !this.#isStopped);
    if (lines > 0) this.#context.log.info({ lines }, "The database has read results.jsonl");
    return read < CATCH_UP_LINES;
  }

  #succeeded(hadFailed: boolean): void {
    if (hadFailed) this.#context.log.info("The database takes records again");
    this.#problem = undefined;
  }

  #failed(error: unknown, isFirst: boolean): void {
    const reason = reasonOf(error);
    this.#problem = reason;
    if (!isFirst) return;
    this.#context.log.error({ reason }, "The database cannot be used; records are kept and tried again");
  }
}
