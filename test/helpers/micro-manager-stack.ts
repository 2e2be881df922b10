import type { FileHandle } from "node:fs/promises";
import type { Frame } from "../../src/frames/frame.js";

const ENTRIES = 10;
const DIRECTORY_BYTES = 2 + 12 * ENTRIES + 4;
/** Room that Micro-Manager's writer reserves, bytes. */
const RESERVED_BYTES = 2 ** 32 - 1;
const MICRO_MANAGER_METADATA = 51_123;

/** Begins a stack as Micro-Manager's writer does, in reserved room. @returns where the first page goes. */
export async function beginMicroManagerStack(file: FileHandle): Promise<number> {
  await file.truncate(RESERVED_BYTES);
  await file.write(Buffer.from([0x49, 0x49, 42, 0, 8, 0, 0, 0]), 0, 8, 0);
  return 8;
}

/** Adds a page: directory, pixels, metadata; the directory points to where the next one will be. @returns where. */
export async function addMicroManagerPage(
  file: FileHandle,
  at: number,
  { width, height, pixels }: Frame,
  metadata: object = {},
): Promise<number> {
  const pixelsAt = at + DIRECTORY_BYTES;
  const metadataAt = pixelsAt + pixels.byteLength;
  const text = Buffer.from(`${JSON.stringify(metadata)}\0`);
  const directory = Buffer.alloc(DIRECTORY_BYTES);
  directory.writeUInt16LE(ENTRIES);
  const entries = [
    [256, 4, 1, width],
    [257, 4, 1, height],
    [258, 3, 1, 8 * pixels.BYTES_PER_ELEMENT],
    [259, 3, 1, 1],
    [262, 3, 1, 1],
    [273, 4, 1, pixelsAt],
    [277, 3, 1, 1],
    [278, 4, 1, height],
    [279, 4, 1, pixels.byteLength],
    [MICRO_MANAGER_METADATA, 2, text.length, metadataAt],
  ] as const;
  for (const [i, [tag, type, count, value]] of entries.entries()) {
    directory.writeUInt16LE(tag, 2 + 12 * i);
    directory.writeUInt16LE(type, 4 + 12 * i);
    directory.writeUInt32LE(count, 6 + 12 * i);
    directory.writeUInt32LE(value, 10 + 12 * i);
  }
  const next = metadataAt + text.length + ((metadataAt + text.length) % 2);
  directory.writeUInt32LE(next, DIRECTORY_BYTES - 4);
  await file.write(directory, 0, directory.length, at);
  await file.write(pixels, 0, pixels.byteLength, pixelsAt);
  await file.write(text, 0, text.length, metadataAt);
  return next;
}
