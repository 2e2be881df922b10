import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { errorCode } from "../frames/file-reasons.js";
import { linesOf } from "../records/json-lines.js";

/** Whole lines of a file, and how many bytes of it they reach to. */
export interface JournalPart {
  readonly batch: readonly string[];
  readonly bytes: number;
}

/** The whole lines of a file from a byte on, in batches; nothing if there is no file. */
export async function* readJournal(path: string, from: number, size: number): AsyncGenerator<JournalPart> {
  // A file that is shorter than it was is another one.
  const start = from <= (await sizeOf(path)) ? from : 0;
  let bytes = start;
  let batch: string[] = [];
  try {
    for await (const lines of linesOf(createReadStream(path, { start }))) {
      for (const line of lines) {
        if (!line.isWhole) break;
        bytes += line.bytes;
        if (line.text !== undefined && line.text.trim() !== "") batch.push(line.text);
        if (batch.length < size) continue;
        yield { batch, bytes };
        batch = [];
      }
    }
  } catch (error) {
    if (errorCode(error) === "ENOENT") return;
    throw error;
  }
  if (batch.length > 0) yield { batch, bytes };
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    return 0;
  }
}
