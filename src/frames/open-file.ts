import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { NOT_A_FILE } from "./file-reasons.js";

/** Opening a pipe would otherwise wait for whoever writes into it, and nothing ends a thread that waits so. */
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/**
 * Opens a file, or a folder, that somebody else has put there, for reading.
 * @returns its descriptor.
 * @throws Error of the file system, or saying that it is a pipe or a device.
 */
export function openForReading(path: string): number {
  const descriptor = openSync(path, FLAGS);
  const stats = fstatSync(descriptor);
  if (stats.isFile() || stats.isDirectory()) return descriptor;
  closeSync(descriptor);
  throw new Error(NOT_A_FILE);
}

/** The same without waiting for the disk. */
export async function openedForReading(path: string): Promise<FileHandle> {
  const file = await open(path, FLAGS);
  const stats = await file.stat();
  if (stats.isFile() || stats.isDirectory()) return file;
  await file.close();
  throw new Error(NOT_A_FILE);
}

/**
 * The text of a file that somebody else has put there.
 * @throws Error of the file system, or saying that it is no file, or larger than `mostBytes`.
 */
export function readText(path: string, mostBytes: number): string {
  const descriptor = openForReading(path);
  try {
    const { size } = fstatSync(descriptor);
    if (size > mostBytes) throw new Error(`it has ${size} bytes, over the limit of ${mostBytes}`);
    return readFileSync(descriptor, "utf8");
  } finally {
    closeSync(descriptor);
  }
}
