import type { Stats } from "node:fs";
import { stat } from "node:fs/promises";
import type { Clock } from "../protocol/clock.js";

/** How often a folder is looked for, ms. */
const LOOK_MS = 1000;

/** What is told of a folder. */
export interface PresenceListener {
  /** It is not there any more. */
  gone(): void;
  /** It is there again, or another one is in its place. */
  back(): void;
}

/** Looks whether a watched folder is still the same: the system tells nobody of one that was removed and made again. */
export class FolderPresence {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #listener: PresenceListener;
  #seen: Stats | undefined;
  #cancel: () => void = () => undefined;
  #isStopped: boolean = false;

  constructor(path: string, clock: Clock, listener: PresenceListener) {
    this.#path = path;
    this.#clock = clock;
    this.#listener = listener;
  }

  /** @param stats of the folder as it is now. */
  start(stats: Stats): void {
    this.#seen = stats;
    this.#plan();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel();
  }

  #plan(): void {
    if (!this.#isStopped) this.#cancel = this.#clock.after(LOOK_MS, () => void this.#look());
  }

  async #look(): Promise<void> {
    const now = await stat(this.#path).catch(() => undefined);
    if (this.#isStopped) return;
    const before = this.#seen;
    this.#seen = now;
    if (before !== undefined && now === undefined) this.#listener.gone();
    if (now !== undefined && (before === undefined || isAnother(before, now))) this.#listener.back();
    this.#plan();
  }
}

/** By when it was made; its number may be given to the next one at once, but tells where the time is not known. */
function isAnother(before: Stats, now: Stats): boolean {
  const isTimed = before.birthtimeMs > 0 && now.birthtimeMs > 0;
  return isTimed ? before.birthtimeMs !== now.birthtimeMs : before.ino !== now.ino;
}
