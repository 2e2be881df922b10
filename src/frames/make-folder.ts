import { mkdir } from "node:fs/promises";
import { OutputError } from "../errors.js";
import { fileReason } from "./file-reasons.js";

/** Makes a folder for results, with those above it. @throws OutputError naming it and why it cannot be made. */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (cause) {
    throw new OutputError(folder, `the folder cannot be made: ${fileReason(cause)}`, { cause });
  }
}
