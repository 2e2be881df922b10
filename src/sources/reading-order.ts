/** Paths to read: those that have just come, in their order, then old ones, in theirs. */
export class ReadingOrder {
  readonly #fresh = new Set<string>();
  readonly #old = new Set<string>();

  get isEmpty(): boolean {
    return this.#fresh.size + this.#old.size === 0;
  }

  /** A path that waits keeps its turn, but for an old one that is fresh again. */
  add(path: string, isOld: boolean): void {
    if (this.#fresh.has(path)) return;
    if (!isOld) this.#old.delete(path);
    (isOld ? this.#old : this.#fresh).add(path);
  }

  /** Takes out one after the other, those that come meanwhile, too. */
  *[Symbol.iterator](): Generator<{ readonly path: string; readonly isOld: boolean }, void, undefined> {
    while (!this.isEmpty) {
      const isOld = this.#fresh.size === 0;
      const paths = isOld ? this.#old : this.#fresh;
      const path = paths.values().next().value as string;
      paths.delete(path);
      yield { path, isOld };
    }
  }

  clear(): void {
    this.#fresh.clear();
    this.#old.clear();
  }
}
