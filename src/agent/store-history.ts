import { MemoryHistory, type RunHistory } from "../dashboard/run-history.js";
import { RequestError } from "../errors.js";
import type { FrameMessage } from "../protocol/messages.js";
import type { ResultRecord } from "../records/record.js";
import type { RunEntry } from "../runs/run-snapshot.js";
import type { DatabaseSink } from "../sinks/database-sink.js";

type Readable = Pick<RunHistory, "listRuns" | "snapshot" | "frame">;

/** Runs as the results store has them; while it cannot be read, what has come since then. */
export class StoreHistory implements RunHistory {
  readonly #database: DatabaseSink;
  /** Only while the store has a problem. */
  #meanwhile: MemoryHistory | undefined;

  constructor(database: DatabaseSink) {
    this.#database = database;
  }

  get problem(): string | undefined {
    return this.#database.problem;
  }

  apply(record: ResultRecord): void {
    if (this.problem === undefined) this.#meanwhile = undefined;
    else {
      this.#meanwhile ??= new MemoryHistory();
      this.#meanwhile.apply(record);
    }
  }

  /** Those that began while the store takes nothing are not in it. */
  async listRuns(): Promise<readonly RunEntry[]> {
    const stored = await this.#read((history) => history.listRuns());
    const others = (await this.#meanwhile?.listRuns()) ?? [];
    const ids = new Set(stored.map(({ id }) => id));
    return [...others.filter(({ id }) => !ids.has(id)), ...stored];
  }

  async snapshot(runId: string): Promise<Uint8Array | undefined> {
    return (
      (await this.#read((history) => history.snapshot(runId))) ?? (await this.#meanwhile?.snapshot(runId))
    );
  }

  async frame(runId: string, frameId: string): Promise<FrameMessage | undefined> {
    return (
      (await this.#read((history) => history.frame(runId, frameId))) ??
      (await this.#meanwhile?.frame(runId, frameId))
    );
  }

  /** @throws RequestError or StoreError where nothing has come since the store has its problem. */
  async #read<T>(from: (history: Readable) => Promise<T>): Promise<T> {
    const store = await this.#database.store();
    const problem = this.problem ?? "the results store is not open";
    const told = store === undefined ? Promise.reject(new RequestError(503, problem)) : from(store);
    return told.catch((error: unknown) => {
      if (this.#meanwhile === undefined) throw error;
      return from(this.#meanwhile);
    });
  }
}
