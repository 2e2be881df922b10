import { randomUUID } from "node:crypto";
import { rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { OutputError } from "../errors.js";
import { fileReason } from "./file-reasons.js";
import { isStreamPath } from "./stream-path.js";

/** So much of a name goes into that of the file beside it: names have 255 bytes at most. */
const NAME_KEPT = 50;

/**
 * Writes a file so that nobody ever sees a part of it: into a hidden file beside it, then renamed. A file of
 * that name is replaced; a pipe or a device takes the bytes as they come.
 * @param bytes or text, part by part.
 * @throws OutputError naming path and reason; nothing is left behind then.
 */
export async function writeAtomically(path: string, bytes: Uint8Array | Iterable<string>): Promise<void> {
  const name = basename(path).slice(0, NAME_KEPT);
  const temporary = join(dirname(path), `.${name}.${randomUUID().slice(0, 8)}.tmp`);
  try {
    if (await isStreamPath(path)) return await writeFile(path, bytes, { flag: "a" });
    await writeFile(temporary, bytes, { flag: "wx" });
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw new OutputError(path, `cannot be written: ${fileReason(cause)}`, { cause });
  }
}
