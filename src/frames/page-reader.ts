import { FrameReadError } from "../errors.js";
import { WorkerThread } from "../worker-thread.js";
import type { OpenedFile } from "./page-worker.js";
import type { FramePage } from "./read-frames.js";

/** Longest time for one page, ms: a network drive may be slow, a crafted file shall not hold the others up. */
const PAGE_MS = 60_000;

/** Reads files in a thread of its own: whatever a file holds, the thread that calls goes on, and can give the file up. */
export class PageReader {
  #thread: WorkerThread | undefined;

  /**
   * Reads a file into memory, in place of the one before.
   * @param maxBytes a larger file is refused before it is read.
   * @throws ParfocalError with the tag FrameReadError, as `readFrames` does.
   */
  async open(path: string, maxBytes: number = Number.POSITIVE_INFINITY): Promise<OpenedFile> {
    if (this.#thread?.hasEnded !== false) this.#thread = new WorkerThread("page-worker.js", import.meta.url);
    return (await this.#inTime(this.#thread, path, "open", { path, maxBytes })) as OpenedFile;
  }

  /** The pages of the file that was opened, one decoded ahead of the one that is given. @throws as `open`. */
  async *pages(path: string, signal?: AbortSignal): AsyncGenerator<FramePage, void, undefined> {
    const thread = this.#thread;
    if (thread === undefined) return;
    const next = () => this.#inTime(thread, path, "next") as Promise<FramePage | undefined>;
    for (let coming = next(); ; ) {
      const page = await coming;
      signal?.throwIfAborted();
      if (page === undefined) return;
      coming = next();
      // Told when it is asked for.
      coming.catch(() => undefined);
      yield page;
    }
  }

  async stop(): Promise<void> {
    await this.#thread?.stop();
  }

  async #inTime(thread: WorkerThread, path: string, name: string, argument?: unknown): Promise<unknown> {
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        void thread.stop();
        reject(new FrameReadError(path, `a page could not be read within ${PAGE_MS / 1000} s`));
      }, PAGE_MS).unref();
    });
    try {
      return await Promise.race([thread.call(name, argument), tooLong]);
    } finally {
      clearTimeout(timer);
    }
  }
}
