import type { Clock } from "../protocol/clock.js";

/** So long a path keeps its turn before those that come meanwhile, ms: images are acquired and judged in one order, a folder that is copied is not. */
const TURN_MS = 1000;

/**
 * Paths to read: those that have just come, in their order; then those that were overtaken, as a thousand copies are, and old ones, in
 * theirs.
 */
export class ReadingOrder {
  readonly #clock: Pick<Clock, "now">;
  /** When each came, monotonic, ms. */
  readonly #fresh = new Map<string, number>();
  readonly #overtaken = new Set<string>();
  readonly #old = new Set<string>();

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  get isEmpty(): boolean {
    return this.#fresh.size + this.#overtaken.size + this.#old.size === 0;
  }

  /** Whether anything but `path` waits that has just come. */
  hasFresh(path: string): boolean {
    this.#overtake();
    return this.#fresh.size > (this.#fresh.has(path) ? 1 : 0);
  }

  /** A path that was read in part, and waits for what has come meanwhile. */
  setBack(path: string): void {
    this.#fresh.delete(path);
    this.#overtaken.add(path);
  }

  /** A path that waits keeps its turn, but for an old one that is fresh again. */
  add(path: string, isOld: boolean): void {
    if (this.#fresh.has(path) || this.#overtaken.has(path)) return;
    if (isOld) this.#old.add(path);
    else {
      this.#old.delete(path);
      this.#fresh.set(path, this.#clock.now());
    }
  }

  /** Takes out one after the other, those that come meanwhile, too. */
  *[Symbol.iterator](): Generator<{ readonly path: string; readonly isOld: boolean }, void, undefined> {
    while (!this.isEmpty) {
      this.#overtake();
      const paths = [this.#fresh, this.#overtaken, this.#old].find(({ size }) => size > 0)!;
      const path = paths.keys().next().value!;
      paths.delete(path);
      yield { path, isOld: paths === this.#old };
    }
  }

  clear(): void {
    this.#fresh.clear();
    this.#overtaken.clear();
    this.#old.clear();
  }

  /** Those that have had their time wait for what comes now. */
  #overtake(): void {
    const now = this.#clock.now();
    for (const [path, sinceMs] of this.#fresh) {
      if (now - sinceMs < TURN_MS) return;
      this.#fresh.delete(path);
      this.#overtaken.add(path);
    }
  }
}
