import { isParfocalError } from "../errors.js";
import type { Colour } from "./counts.js";
import { affordableBytes } from "./image-limit.js";
import { PageReader } from "./page-reader.js";
import type { OpenRequest, ReadPage } from "./page-worker.js";
import type { FramePage } from "./read-frames.js";

/** A page of a file, or why it cannot be read. */
export type DecodedPage =
  | { readonly path: string; readonly page: FramePage }
  | { readonly path: string; readonly failure: string };

/** A file that is being read, with its first page under way. */
interface Reading {
  readonly path: string;
  readonly pages: AsyncGenerator<ReadPage, void, undefined>;
  readonly first: Promise<IteratorResult<ReadPage, void>>;
}

/** Reads files in worker threads, one file a thread: the one that is asked for, and the beginnings of those after it. */
export class FrameDecoder {
  readonly #readers: readonly PageReader[];
  readonly #how: Omit<OpenRequest, "path">;

  /**
   * @param threads worker threads.
   * @param colour what is taken of colour images.
   * @param maxBytes most bytes of the pixels of one image.
   */
  constructor(threads: number, colour: Colour = "luminance", maxBytes: number = affordableBytes()) {
    this.#how = { colour, maxBytes };
    this.#readers = Array.from({ length: threads }, () => new PageReader());
  }

  /**
   * The pages of all files, in the order given; each file gives at least one. A damaged file gives its failure and the next one follows.
   * Of the paths only so many are asked for as there are threads.
   */
  async *pages(
    paths: Iterable<string> | AsyncIterable<string>,
    signal?: AbortSignal,
  ): AsyncGenerator<DecodedPage, void, undefined> {
    const begun: Reading[] = [];
    let count = 0;
    for await (const path of paths) {
      begun.push(this.#begin(count++, path));
      if (begun.length === this.#readers.length) yield* pagesIn(begun.shift()!, signal);
    }
    for (const reading of begun) yield* pagesIn(reading, signal);
  }

  async dispose(): Promise<void> {
    await Promise.all(this.#readers.map((reader) => reader.stop()));
  }

  /** A thread has finished its file before the next one of its turn is begun. */
  #begin(index: number, path: string): Reading {
    const pages = pagesOf(this.#readers[index % this.#readers.length]!, path, this.#how);
    const first = pages.next();
    // Told in its turn.
    first.catch(() => undefined);
    return { path, pages, first };
  }
}

async function* pagesIn(
  { path, pages, first }: Reading,
  signal: AbortSignal | undefined,
): AsyncGenerator<DecodedPage, void, undefined> {
  signal?.throwIfAborted();
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

async function* pagesOf(
  reader: PageReader,
  path: string,
  how: Omit<OpenRequest, "path">,
): AsyncGenerator<ReadPage, void, undefined> {
  await reader.open({ path, ...how });
  yield* reader.pages(path);
}
