import { lstat } from "node:fs/promises";
import { resolve } from "node:path";

/** Where an operating system shows what a process has open: `/dev/stdout`, a shell's `>(...)`. */
const OPEN_FILES = /^\/(?:dev|proc)\//;

/**
 * Whether what is written to a path goes to a pipe, a device or a file that is open already. Nothing can be put in the place of
 * these, and nothing beside them. What else a link leads to does not count: a link is replaced.
 */
export async function isStreamPath(path: string): Promise<boolean> {
  const stats = await lstat(path).catch(() => undefined);
  if (stats === undefined || stats.isFile() || stats.isDirectory()) return false;
  return !stats.isSymbolicLink() || OPEN_FILES.test(resolve(path));
}
