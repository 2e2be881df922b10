import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";
import { StoreError } from "../errors.js";
import type { FrameMessage } from "../protocol/messages.js";
import type { RunEntry } from "../runs/run-rows.js";
import { workerUrl } from "../worker-url.js";
import { storePlace } from "./open-database.js";

/** The results store in a thread of its own. Calls are done in the order in which they are made. */
export class StoreClient {
  readonly #url: string;
  #thread: Piscina | undefined;

  constructor(url: string) {
    this.#url = url;
  }

  /** @throws StoreError if it cannot be opened; it can be tried again. */
  async start(): Promise<void> {
    this.#thread ??= new Piscina({
      filename: fileURLToPath(workerUrl("store-worker.js", import.meta.url)),
      workerData: { url: this.#url },
      minThreads: 1,
      maxThreads: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      // The thread must hear at once that a connection has gone.
      atomics: "disabled",
    });
    await this.#call("start");
  }

  /** @param lines as in results.jsonl. Once it resolves they outlive the process. */
  async write(lines: readonly string[]): Promise<void> {
    await this.#call("write", lines);
  }

  /** @returns lines of a results.jsonl that were read. */
  catchUp(path: string): Promise<number> {
    return this.#call("catchUp", path) as Promise<number>;
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
    if (thread === undefined) return;
    await this.#call("stop").catch(() => undefined);
    this.#thread = undefined;
    await thread.destroy();
  }

  async #call(name: string, argument?: unknown): Promise<unknown> {
    if (this.#thread === undefined) throw new StoreError(storePlace(this.#url), "is not open");
    return this.#thread.run(argument, { name });
  }
}
