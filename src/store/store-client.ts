import { StoreError } from "../errors.js";
import type { FrameMessage } from "../protocol/messages.js";
import type { RunEntry } from "../runs/run-snapshot.js";
import { WorkerThread } from "../worker-thread.js";
import { storePlace } from "./open-database.js";

/** The results store in a thread of its own. Calls are done in the order in which they are made. */
export class StoreClient {
  readonly #url: string;
  #thread: WorkerThread | undefined;

  constructor(url: string) {
    this.#url = url;
  }

  /** Whether it has to be started (again). */
  get isClosed(): boolean {
    return this.#thread?.hasEnded !== false;
  }

  /** @throws StoreError if it cannot be opened; it can be tried again. */
  async start(): Promise<void> {
    if (this.isClosed) {
      const workerData = { url: this.#url };
      this.#thread = new WorkerThread("store-worker.js", import.meta.url, { workerData });
    }
    await this.#call("start");
  }

  /** @param lines as in results.jsonl. Once it resolves they outlive the process. */
  async write(lines: readonly string[]): Promise<void> {
    await this.#call("write", lines);
  }

  /** @returns lines of a results.jsonl that were read. */
  catchUp(path: string, most: number): Promise<number> {
    return this.#call("catchUp", { path, most }) as Promise<number>;
  }

  /** @returns runs that were deleted. */
  deleteOlderThan(wallMs: number): Promise<number> {
    return this.#call("deleteOlderThan", wallMs) as Promise<number>;
  }

  listRuns(): Promise<RunEntry[]> {
    return this.#call("listRuns") as Promise<RunEntry[]>;
  }

  /** A `RunSnapshot` as JSON. */
  snapshot(runId: string): Promise<Uint8Array | undefined> {
    return this.#call("snapshot", runId) as Promise<Uint8Array | undefined>;
  }

  frame(runId: string, frameId: string): Promise<FrameMessage | undefined> {
    return this.#call("frame", { runId, frameId }) as Promise<FrameMessage | undefined>;
  }

  async stop(): Promise<void> {
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.stop();
  }

  async #call(name: string, argument?: unknown): Promise<unknown> {
    if (this.#thread === undefined) throw new StoreError(storePlace(this.#url), "is not open");
    return this.#thread.call(name, argument);
  }
}
