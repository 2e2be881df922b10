import { Worker } from "node:worker_threads";
import { TrainingError } from "../errors.js";
import { workerUrl } from "../worker-url.js";
import type { Batch } from "./batch-maker.js";
import type { BatchWorkerData } from "./batch-worker.js";

export interface BatchStreamOptions extends Omit<BatchWorkerData, "end"> {
  /** Threads that make batches. */
  readonly threads: number;
  /** Batches made ahead of the one that is asked for. */
  readonly ahead: number;
  /** Index of the first batch. */
  readonly first: number;
}

interface Waiting {
  resolve(batch: Batch): void;
  reject(error: unknown): void;
}

/** Batches in order of their index, made ahead in worker threads so that the network does not wait. */
export class BatchStream {
  readonly #options: BatchStreamOptions;
  readonly #workers: Worker[] = [];
  readonly #ended: Promise<unknown>[] = [];
  readonly #end = new Int32Array(new SharedArrayBuffer(4));
  readonly #ready = new Map<number, Batch>();
  #waiting: (Waiting & { index: number }) | undefined;
  #nextToMake: number;
  #nextToGive: number;
  #failure: unknown;

  constructor(options: BatchStreamOptions) {
    this.#options = options;
    this.#nextToMake = options.first;
    this.#nextToGive = options.first;
  }

  start(): void {
    const { images, recipe, seed, threads, ahead } = this.#options;
    const workerData: BatchWorkerData = { images, recipe, seed, end: this.#end };
    for (let i = 0; i < threads; i++) {
      const worker = new Worker(workerUrl("batch-worker.js", import.meta.url), { workerData });
      worker.on("message", ({ index, batch }: { index: number; batch: Batch }) => this.#take(index, batch));
      worker.on("error", (error) => this.#fail(error));
      this.#ended.push(new Promise((resolve) => void worker.once("exit", resolve)));
      this.#workers.push(worker);
    }
    for (let i = 0; i < Math.max(ahead, threads); i++) this.#order();
  }

  /** The next batch; one call at a time. */
  next(): Promise<Batch> {
    const index = this.#nextToGive++;
    this.#order();
    const batch = this.#ready.get(index);
    if (batch) {
      this.#ready.delete(index);
      return Promise.resolve(batch);
    }
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiting = { index, resolve, reject };
    });
  }

  /** No thread is cut off while it computes: in Node 20 that may end the process (`endThread`). */
  async stop(): Promise<void> {
    Atomics.store(this.#end, 0, 1);
    for (const worker of this.#workers.splice(0)) worker.postMessage(0);
    await Promise.all(this.#ended);
  }

  #order(): void {
    const index = this.#nextToMake++;
    this.#workers[index % this.#workers.length]?.postMessage(index);
  }

  #take(index: number, batch: Batch): void {
    if (this.#waiting?.index === index) {
      const { resolve } = this.#waiting;
      this.#waiting = undefined;
      resolve(batch);
    } else {
      this.#ready.set(index, batch);
    }
  }

  #fail(cause: unknown): void {
    this.#failure = new TrainingError("a thread that makes training patches ended", { cause });
    this.#waiting?.reject(this.#failure);
    this.#waiting = undefined;
  }
}
