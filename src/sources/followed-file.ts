import type { PageReader } from "../frames/page-reader.js";
import type { ReadPage } from "../frames/page-worker.js";
import type { PagePlace } from "../frames/read-frames.js";
import type { Clock } from "../protocol/clock.js";
import type { EarlierPages } from "./earlier-files.js";
import type { GivenPage, SeenPage } from "./followed-page.js";

/** What tells whether a file has changed. */
export interface FileStats {
  readonly size: number;
  readonly mtimeMs: number;
}

/** How long a file has not changed. */
export interface Rest {
  /** Long enough for whoever writes a page in one go to have begun with the next, or with what is said about all of them. */
  readonly isStill: boolean;
  /** Long enough for whoever writes a page to have written all of it. */
  readonly isQuiet: boolean;
  /** So long that nothing more is expected. */
  readonly isSettled: boolean;
  /** Whether it has been followed for so long that a description which is written last may be hours away. */
  readonly isLong: boolean;
}

/** How long a file that is whole has to stand still, ms. */
export const STILL_MS = 20;
/** When a file is looked at for the second time; then, where it is not complete, after twice as long each time, ms. */
export const FIRST_LOOK_MS = STILL_MS + 2;

export function signatureOf({ size, mtimeMs }: FileStats): string {
  return `${size}-${Math.floor(mtimeMs)}`;
}

/** What is done with what a pass over a file finds. */
export interface PassHandler {
  give(page: SeenPage): Promise<void>;
  /** A page cannot be read, and will not. */
  failed(reason: string): void;
  /** Whether other files have waited for so long that the pages that are left come later. */
  isTurnOver(): boolean;
}

/**
 * How far one file has been read: each page is given once, however long the file grows and pauses. Where the last and the first page
 * that were given are others than before, the file was replaced, and all of its pages are new.
 */
export class FollowedFile {
  /** Size and time of the last reading after which there was nothing left to do. */
  done: string | undefined;
  /** Size and time when all that was there had been given, though more might have come. */
  given: string | undefined;
  /** Size and time when it was last looked at, and since when they have been the same, monotonic, ms. */
  signature: string | undefined;
  #changedMs = 0;
  #metMs: number | undefined;
  /** When it is looked at again, unless it changes before. */
  #nextLook:
    | { readonly delayMs: number; readonly signature: string | undefined; readonly cancel: () => void }
    | undefined;
  /** By what its rest is told: a file that was there at the start may have its time from days ago. */
  restingSince: "its time" | "last look" = "last look";
  /** Whether it was missing when it was last looked at. */
  isGone = false;
  #first: GivenPage | undefined;
  #last: GivenPage | undefined;
  /** Its pages may be half old, half new. */
  #isWrittenOver = false;
  /** Pages without pixels that lie before the last one, while the file still changes. */
  #held = new Map<number, PagePlace>();
  /** Pages that were given in an earlier run of the agent, where some before the last one were not. */
  #given: ReadonlySet<number> | undefined;
  /** Pages that were told to be unreadable. */
  #failed = new Set<number>();

  get hasPages(): boolean {
    return this.#last !== undefined;
  }

  isGivenTo(stats: FileStats): boolean {
    return this.given === signatureOf(stats);
  }

  /** How long the file has stood still; one that was there at the start may have done so for days. */
  restAt(
    stats: FileStats,
    clock: Clock,
    { stableMs, giveUpMs }: { readonly stableMs: number; readonly giveUpMs: number },
  ): Rest {
    const signature = signatureOf(stats);
    if (this.signature !== signature) {
      const ageMs = this.restingSince === "its time" ? Math.max(0, clock.wallMs() - stats.mtimeMs) : 0;
      this.#changedMs = clock.now() - ageMs;
      this.restingSince = "last look";
      this.signature = signature;
    }
    const restedMs = clock.now() - this.#changedMs;
    this.#metMs ??= clock.now();
    return {
      isStill: restedMs >= STILL_MS,
      isQuiet: restedMs >= stableMs,
      isSettled: restedMs >= giveUpMs,
      isLong: clock.now() - this.#metMs >= giveUpMs,
    };
  }

  /** Soon after it has changed: most images are written in one go. Later and later while it does not. */
  nextDelayMs(): number {
    const next = this.#nextLook;
    return next !== undefined && next.signature === this.signature ? 2 * next.delayMs : FIRST_LOOK_MS;
  }

  /** In place of the look that was planned. @param after returns what calls the new one off. */
  planLook(delayMs: number, after: (delayMs: number) => () => void): void {
    this.#nextLook?.cancel();
    this.#nextLook = { delayMs, signature: this.signature, cancel: after(delayMs) };
  }

  /** Goes on from what an earlier run of the agent has recorded. */
  restore({ first, last, given }: EarlierPages): void {
    this.#first = first;
    this.#last = last;
    if (given.size < last.page + 1) this.#given = given;
  }

  /**
   * Gives the pages that are complete and have not been given.
   * @returns whether pages are left that may be complete later.
   * @throws as `PageReader.pages`: the next page cannot be found, yet or ever.
   */
  async pass(
    path: string,
    reader: PageReader,
    rest: Rest,
    handler: PassHandler,
    signal: AbortSignal,
  ): Promise<boolean> {
    await this.#giveHeld(path, reader, rest, handler);
    const last = this.#last;
    const from = this.#given === undefined ? last?.place : undefined;
    let isFirst = true;
    let isPending = this.#held.size > 0;
    for await (const read of reader.pages(path, signal, from)) {
      if (isFirst && last !== undefined && from !== undefined && !isSamePage(read, last)) {
        const isReplaced = !(await this.#isFirstSame(path, reader));
        if (isReplaced) this.#forget();
        // The last one alone has changed: it was given before all of it was there, or it cannot be read at the moment.
        else if ("failure" in read) return !rest.isSettled;
        else this.#last = { ...last, digest: read.seen!.digest };
        return this.pass(path, reader, rest, handler, signal);
      }
      isFirst = false;
      if (this.#isGiven(read)) continue;
      if ("failure" in read) {
        // It may still be being written, and so may those after it.
        if (!rest.isSettled) return true;
        if (!this.#failed.has(read.page)) handler.failed(read.failure);
        this.#failed.add(read.page);
        continue;
      }
      const page = read as SeenPage;
      if (page.seen.isZero && !rest.isSettled) {
        isPending = true;
        if (page.place !== undefined) this.#held.set(page.page, page.place);
        continue;
      }
      // What describes it may lie behind the pixels.
      if (page.seen.isLacking && !rest.isSettled) return true;
      if (page.seen.isUndescribed && !rest.isLong) return true;
      // Whoever writes into room that is reserved may be held up in the middle of a page.
      const isAtRest = page.seen.endsInRoom ? rest.isSettled : rest.isQuiet;
      if (!isAtRest && !this.#isComplete(page, rest)) return true;
      await this.#give(page, handler);
      if (signal.aborted) return false;
      if (page.place?.isFollowed === true && handler.isTurnOver()) return true;
    }
    return isPending;
  }

  /** Whether a page has been written to its end, although the file may still change. */
  #isComplete({ page, place, seen }: SeenPage, { isStill }: Rest): boolean {
    if (place?.isFollowed === true) return !seen.endsInZeros;
    return (
      isStill && seen.isWhole && !this.#isWrittenOver && (this.#last === undefined || page > this.#last.page)
    );
  }

  /** Whether the first page that was given is the one that is there, where it is not the last one, too. */
  async #isFirstSame(path: string, reader: PageReader): Promise<boolean> {
    const first = this.#first;
    if (first?.place === undefined || first.page === this.#last?.page) return false;
    const read = await reader.page(path, first.place);
    return read !== undefined && isSamePage(read, first);
  }

  async #giveHeld(path: string, reader: PageReader, rest: Rest, handler: PassHandler): Promise<void> {
    for (const [number, place] of this.#held) {
      // Those after the last page that was given are met on the way.
      const isBefore = number < (this.#last?.page ?? 0);
      const read = isBefore ? await reader.page(path, place) : undefined;
      const hasCome = read !== undefined && "seen" in read && (!read.seen!.isZero || rest.isSettled);
      if (!isBefore || hasCome) this.#held.delete(number);
      if (hasCome) await handler.give(read as SeenPage);
    }
  }

  async #give(page: SeenPage, handler: PassHandler): Promise<void> {
    await handler.give(page);
    this.#nextLook?.cancel();
    this.#nextLook = undefined;
    const { page: number, place, seen } = page;
    const given = { page: number, place, digest: seen.digest };
    if (number >= (this.#last?.page ?? 0)) this.#last = given;
    if (this.#first === undefined || number < this.#first.page) this.#first = given;
    this.#held.delete(number);
  }

  #isGiven(read: ReadPage): boolean {
    if (this.#given !== undefined) return this.#given.has(read.page) && this.#isUnchanged(read);
    const last = this.#last;
    return (
      last !== undefined && (read.page < last.page || (read.page === last.page && this.#isUnchanged(read)))
    );
  }

  #isUnchanged(read: ReadPage): boolean {
    return this.#last === undefined || read.page !== this.#last.page || isSamePage(read, this.#last);
  }

  #forget(): void {
    this.#isWrittenOver = true;
    this.#first = undefined;
    this.#last = undefined;
    this.#given = undefined;
    this.#held.clear();
    this.#failed.clear();
  }
}

function isSamePage(read: ReadPage, { page, digest }: GivenPage): boolean {
  return "seen" in read && read.page === page && read.seen?.digest === digest;
}
