import { isParfocalError } from "../errors.js";
import { PageReader } from "./page-reader.js";
import type { FramePage } from "./read-frames.js";

/** A page of a file, or why no more pages can be read from it. */
export type DecodedPage =
  | { readonly path: string; readonly page: FramePage }
  | { readonly path: string; readonly failure: string };

/** A file that is being read, with its first page under way. */
interface Reading {
  readonly pages: AsyncGenerator<FramePage, void, undefined>;
  readonly first: Promise<IteratorResult<FramePage, void>>;
}

/** Reads files in worker threads, one file a thread: the one that is asked for, and the beginnings of those after it. */
export class FrameDecoder {
  readonly #readers: readonly PageReader[];

  /** @param threads worker threads. */
  constructor(threads: number) {
    this.#readers = Array.from({ length: threads }, () => new PageReader());
  }

  /** The pages of all files, in the order given. A damaged file gives its failure and the next one follows. */
  async *pages(paths: readonly string[], signal?: AbortSignal): AsyncGenerator<DecodedPage, void, undefined> {
    const started: Reading[] = [];
    for (const [index, path] of paths.entries()) {
      signal?.throwIfAborted();
      while (started.length < Math.min(paths.length, index + this.#readers.length)) {
        started.push(this.#begin(started.length, paths[started.length]!));
      }
      const { pages, first } = started[index]!;
      try {
        for (let next = await first; next.done !== true; next = await pages.next()) {
          yield { path, page: next.value };
        }
      } catch (error) {
        if (!isParfocalError(error)) throw error;
        yield { path, failure: error.message };
      }
    }
  }

  async dispose(): Promise<void> {
    await Promise.all(this.#readers.map((reader) => reader.stop()));
  }

  /** A thread has finished its file before the next one of its turn is begun. */
  #begin(index: number, path: string): Reading {
    const pages = pagesOf(this.#readers[index % this.#readers.length]!, path);
    const first = pages.next();
    // Told in its turn.
    first.catch(() => undefined);
    return { pages, first };
  }
}

async function* pagesOf(reader: PageReader, path: string): AsyncGenerator<FramePage, void, undefined> {
  await reader.open(path);
  yield* reader.pages(path);
}
