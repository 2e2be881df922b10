import { availableMemory } from "node:process";

/** Reading an image takes up to three times its bytes: as stored, unpacked, as counts; and the next one may be read meanwhile. */
const PART_OF_MEMORY = 1 / 4;

/** Looked at once: what this process reads itself would make it less. */
let known: number | undefined;

/** Most bytes that the pixels of one image may take so that it fits into the memory that was free when it was first asked for. */
export function affordableBytes(): number {
  known ??= Math.floor(availableMemory() * PART_OF_MEMORY);
  return known;
}
