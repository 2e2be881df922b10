/** A map that forgets its least recently used entries when it is full. */
export class BoundedMap<K, V> {
  readonly #entries = new Map<K, V>();
  readonly #limit: number;
  readonly #sizeOf: (value: V) => number;
  #sum = 0;

  /**
   * @param limit most entries, at least 1; with `sizeOf` the largest sum of sizes, which must not change. A larger value is
   * kept alone.
   */
  constructor(limit: number, sizeOf: (value: V) => number = () => 1) {
    this.#limit = limit;
    this.#sizeOf = sizeOf;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The value, which now counts as used. */
  get(key: K): V | undefined {
    const value = this.#entries.get(key);
    if (value !== undefined) {
      this.#entries.delete(key);
      this.#entries.set(key, value);
    }
    return value;
  }

  /** Stores a value and returns the entry that had to go for it, if any; of several, the last. */
  set(key: K, value: V): [K, V] | undefined {
    this.delete(key);
    this.#entries.set(key, value);
    this.#sum += this.#sizeOf(value);
    let gone: [K, V] | undefined;
    while (this.#sum > this.#limit && this.#entries.size > 1) {
      gone = this.#entries.entries().next().value!;
      this.delete(gone[0]);
    }
    return gone;
  }

  delete(key: K): boolean {
    const value = this.#entries.get(key);
    if (value !== undefined) this.#sum -= this.#sizeOf(value);
    return this.#entries.delete(key);
  }

  entries(): IterableIterator<[K, V]> {
    return this.#entries.entries();
  }
}
