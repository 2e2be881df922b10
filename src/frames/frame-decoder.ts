import { stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";
import { isParfocalError } from "../errors.js";
import { workerUrl } from "../worker-url.js";
import type { DecodedFile } from "./decode-worker.js";
import { type FramePage, readFrames } from "./read-frames.js";

/** A page of a file, or why no more pages can be read from it. */
export type DecodedPage =
  | { readonly path: string; readonly page: FramePage }
  | { readonly path: string; readonly failure: string };

/** Larger files are decoded a page at a time, so that a long stack never lies in memory whole. */
const STREAM_BYTES = 128 * 2 ** 20;

/** How long a thread waits for the next file before it ends; starting one costs more than decoding a file. */
const IDLE_MS = 10_000;

/** Reads files in worker threads, a few ahead of the one that is asked for. */
export class FrameDecoder {
  readonly #ahead: number;
  readonly #pool: Piscina;
  readonly #running = new Set<Promise<unknown>>();

  /** @param threads worker threads. */
  constructor(threads: number) {
    this.#ahead = threads + 1;
    this.#pool = new Piscina({
      filename: fileURLToPath(workerUrl("decode-worker.js", import.meta.url)),
      name: "decodeFile",
      minThreads: 0,
      maxThreads: threads,
      idleTimeout: IDLE_MS,
    });
  }

  /** The pages of all files, in the order given. A damaged file gives its failure and the next one follows. */
  async *pages(paths: readonly string[], signal?: AbortSignal): AsyncGenerator<DecodedPage, void, undefined> {
    const started: Promise<DecodedFile | undefined>[] = [];
    for (const [index, path] of paths.entries()) {
      signal?.throwIfAborted();
      while (started.length < Math.min(paths.length, index + this.#ahead)) {
        const decoding = this.#decode(paths[started.length]!);
        // Awaited in its turn; until then a failure is not an unhandled one.
        const settled: Promise<unknown> = decoding
          .catch(() => undefined)
          .finally(() => this.#running.delete(settled));
        this.#running.add(settled);
        started.push(decoding);
      }
      const decoded = await started[index]!;
      started[index] = Promise.resolve(undefined);
      if (decoded === undefined) {
        yield* streamed(path);
        continue;
      }
      for (const page of decoded.pages) yield { path, page };
      if (decoded.failure !== undefined) yield { path, failure: decoded.failure };
    }
  }

  async dispose(): Promise<void> {
    // Node 20 aborts the whole process when a thread is ended while it still loads its script.
    await Promise.allSettled(this.#running);
    await this.#pool.destroy();
  }

  /** Undefined for a file that is better streamed. */
  async #decode(path: string): Promise<DecodedFile | undefined> {
    const bytes = await stat(path).then(
      ({ size }) => size,
      () => 0,
    );
    return bytes > STREAM_BYTES ? undefined : ((await this.#pool.run(path)) as DecodedFile);
  }
}

async function* streamed(path: string): AsyncGenerator<DecodedPage, void, undefined> {
  try {
    for await (const page of readFrames(path)) yield { path, page };
  } catch (error) {
    if (!isParfocalError(error)) throw error;
    yield { path, failure: error.message };
  }
}
