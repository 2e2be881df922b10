import { FrameReadError } from "../errors.js";
import { WorkerThread } from "../worker-thread.js";
import type { OpenedFile, OpenRequest, ReadPage } from "./page-worker.js";
import type { PagePlace } from "./read-frames.js";

/** Longest time for one page, ms: a network drive may be slow, a crafted file shall not hold the others up. */
const PAGE_MS = 60_000;

/** Reads files in a thread of its own: whatever a file holds, the thread that calls goes on, and can give the file up. */
export class PageReader {
  #thread: WorkerThread | undefined;

  /**
   * Opens a file, in place of the one before.
   * @throws ParfocalError with the tag FrameReadError, as `readFrames` does.
   */
  async open(request: OpenRequest): Promise<OpenedFile> {
    if (this.#thread?.hasEnded !== false) this.#thread = new WorkerThread("page-worker.js", import.meta.url);
    return (await callInTime(this.#thread, request.path, "open", request)) as OpenedFile;
  }

  /**
   * The pages of the file that was opened, one decoded ahead of the one that is given.
   * @param from the page to begin with; the first one if missing.
   * @throws as `open`, where no further page can be found.
   */
  async *pages(
    path: string,
    signal?: AbortSignal,
    from?: PagePlace,
  ): AsyncGenerator<ReadPage, void, undefined> {
    const thread = this.#thread;
    if (thread === undefined) return;
    await callInTime(thread, path, "begin", from);
    const next = () => callInTime(thread, path, "next") as Promise<ReadPage | undefined>;
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

  /** The page at one place of the file that was opened. @throws as `pages`. */
  async page(path: string, place: PagePlace): Promise<ReadPage | undefined> {
    const thread = this.#thread;
    if (thread === undefined) return undefined;
    await callInTime(thread, path, "begin", place);
    return (await callInTime(thread, path, "next")) as ReadPage | undefined;
  }

  /** Lets go of the file that was opened. */
  async close(): Promise<void> {
    if (this.#thread?.hasEnded === false) await this.#thread.call("close").catch(() => undefined);
  }

  async stop(): Promise<void> {
    await this.#thread?.stop();
  }
}

/**
 * Calls a thread that reads, and gives it up where that takes too long.
 * @throws FrameReadError where it does; as the call otherwise.
 */
export async function callInTime(
  thread: WorkerThread,
  path: string,
  name: string,
  argument?: unknown,
): Promise<unknown> {
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
