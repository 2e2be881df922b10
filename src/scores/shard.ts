/** Prime and offset of the FNV-1a hash, 32 bits. */
const FNV_PRIME = 0x01000193;
const FNV_OFFSET = 0x811c9dc5;

/** One of so many parts of a set of files; each file is in exactly one of them, the same one on every machine. */
export interface Shard {
  /** From 1. */
  readonly index: number;
  readonly count: number;
}

/** Reads "2/4"; undefined for anything that is no part of a whole. */
export function parseShard(text: string): Shard | undefined {
  const match = /^(\d{1,6})\/(\d{1,6})$/.exec(text.trim());
  const [index, count] = [Number(match?.[1]), Number(match?.[2])];
  return index >= 1 && index <= count ? { index, count } : undefined;
}

/** @param namedPath of a file, from the folder that was searched, so that it does not matter where that folder lies. */
export function isInShard({ index, count }: Shard, namedPath: string): boolean {
  return hashOf(namedPath) % count === index - 1;
}

function hashOf(text: string): number {
  let hash = FNV_OFFSET;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, FNV_PRIME) >>> 0;
  // Of its low bits alone small counts would take little notice of the beginning.
  return (hash ^ (hash >>> 16)) >>> 0;
}
