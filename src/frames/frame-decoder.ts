import { isParfocalError } from "../errors.js";
import type { Colour } from "./counts.js";
import { PageReader } from "./page-reader.js";
import type { ReadPage } from "./page-worker.js";
import type { FramePage } from "./read-frames.js";

/** A page of a file, or why it cannot be read. */
export type DecodedPage =
  | { readonly path: string; readonly page: FramePage }
  | { readonly path: string; readonly failure: string };

/** A file that is being read, with its first page under way. */
interface Reading {
  readonly pages: AsyncGenerator<ReadPage, void, undefined>;
  readonly first: Promise<IteratorResult<ReadPage, void>>;
}

/** Reads files in worker threads, one file a thread: the one that is asked for, and the beginnings of those after it. */
export class FrameDecoder {
  readonly #readers: readonly PageReader[];
  readonly #colour: Colour;

  /** @param threads worker threads. @param colour what is taken of colour images. */
  constructor(threads: number, colour: Colour = "luminance") {
    this.#colour = colour;
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
          const page = next.value;
          yield "failure" in page ? { path, failure: page.failure } : { path, page };
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
    const pages = pagesOf(this.#readers[index % this.#readers.length]!, path, this.#colour);
    const first = pages.next();
    // Told in its turn.
    first.catch(() => undefined);
    return { pages, first };
  }
}

async function* pagesOf(
  reader: PageReader,
  path: string,
  colour: Colour,
): AsyncGenerator<ReadPage, void, undefined> {
  await reader.open({ path, colour });
  yield* reader.pages(path);
}
