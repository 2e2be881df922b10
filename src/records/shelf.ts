/**
 * Where what is known of sites is kept, by a name for each. A `Map` is one, and so is a `BoundedMap`, which forgets; others keep
 * on the disk what was not asked for lately.
 */
export interface Shelf<V> {
  get(key: string): V | undefined;
  /** Also called when a value was changed in place. */
  set(key: string, value: V): unknown;
  entries(): Iterable<readonly [string, V]>;
}

/** The part of a shelf that belongs to one run; others have theirs beside it. */
export function partFor<V>(session: string, shelf: Shelf<V>): Shelf<V> {
  // No JSON string is the beginning of another one.
  const mark = JSON.stringify(session);
  return {
    get: (key) => shelf.get(mark + key),
    set: (key, value) => shelf.set(mark + key, value),
    *entries() {
      for (const [key, value] of shelf.entries()) {
        if (key.startsWith(mark)) yield [key.slice(mark.length), value];
      }
    },
  };
}
