import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../protocol/clock.js";

/**
 * Lists folders once more some time after something has changed in them, because a watch misses files: those written
 * between the first listing of a folder and its watch, and with polling those written within the same tick of the file system's
 * clock as the change before (4 ms on a local disk, up to 2 s on a network drive).
 */
export class FolderListings {
  readonly #clock: Clock;
  readonly #found: (path: string) => void;
  /** By folder: calls off what is planned. */
  readonly #planned = new Map<string, () => void>();

  /** @param found is told each file; most are known. */
  constructor(clock: Clock, found: (path: string) => void) {
    this.#clock = clock;
    this.#found = found;
  }

  /** Lists a folder after each of these delays, ms, rising; in place of what was planned for it. */
  plan(folder: string, [delayMs, ...later]: readonly number[]): void {
    this.#planned.get(folder)?.();
    this.#planned.delete(folder);
    if (delayMs === undefined) return;
    const cancel = this.#clock.after(delayMs, () => {
      this.#planned.delete(folder);
      this.plan(
        folder,
        later.map((ms) => ms - delayMs),
      );
      // A folder that is gone has no files.
      this.#list(folder).catch(() => undefined);
    });
    this.#planned.set(folder, cancel);
  }

  stop(): void {
    for (const cancel of this.#planned.values()) cancel();
    this.#planned.clear();
  }

  async #list(folder: string): Promise<void> {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (entry.isFile()) this.#found(join(folder, entry.name));
    }
  }
}
