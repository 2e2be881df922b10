import { closeSync, openSync } from "node:fs";
import { devNull } from "node:os";

/** Files, sockets and handles of threads that an agent opens after its start, and as many again for controllers and pages. */
export const FILES_NEEDED = 128;

/**
 * Sees whether as many files may be opened as an agent needs. Without this, threads that begin side by side share out by chance
 * what few there are, and the agent starts without its database or its table of sites.
 * @throws the error of the operating system (EMFILE, ENFILE) if they may not.
 */
export function assureOpenFiles(): void {
  const handles: number[] = [];
  try {
    while (handles.length < FILES_NEEDED) handles.push(openSync(devNull, "r"));
  } finally {
    for (const handle of handles) closeSync(handle);
  }
}
