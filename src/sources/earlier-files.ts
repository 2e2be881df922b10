import type { FrameMessage } from "../protocol/messages.js";
import { earlierPageOf } from "./file-header.js";
import type { GivenPage } from "./followed-page.js";

/** The pages of a file that an earlier run of the agent has recorded. */
export interface EarlierPages {
  readonly first: GivenPage;
  readonly last: GivenPage;
  readonly given: ReadonlySet<number>;
}

/** Collects which pages of which files are on record. */
export class EarlierFiles {
  readonly #files = new Map<string, { first: GivenPage; last: GivenPage; given: Set<number> }>();

  /** Takes in the frames on record, in the order of their records. */
  async recall(frames: AsyncIterable<FrameMessage>): Promise<void> {
    for await (const frame of frames) {
      const page = earlierPageOf(frame);
      if (page !== undefined) this.add(page.file, page);
    }
  }

  /** Takes in a frame on record; later ones come later. */
  add(file: string, page: GivenPage): void {
    const known = this.#files.get(file);
    // A page that comes again is that of another file under the name.
    if (known === undefined || known.given.has(page.page)) {
      this.#files.set(file, { first: page, last: page, given: new Set([page.page]) });
      return;
    }
    known.given.add(page.page);
    if (page.page > known.last.page) known.last = page;
    if (page.page < known.first.page) known.first = page;
  }

  /** What is on record of a file, once. */
  take(file: string): EarlierPages | undefined {
    const known = this.#files.get(file);
    this.#files.delete(file);
    return known;
  }

  /** What is on record of the images in a store, by their paths from there, once. */
  takeIn(store: string): ReadonlyMap<string, EarlierPages> {
    const inside = [...this.#files.keys()].filter((file) => file === store || file.startsWith(`${store}/`));
    return new Map(inside.map((file) => [file.slice(store.length + 1), this.take(file)!]));
  }
}
