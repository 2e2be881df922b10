import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { errorCode } from "../frames/file-reasons.js";

const NEWLINE = 0x0a;

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
  let rest: Buffer = Buffer.alloc(0);
  try {
    for await (const chunk of createReadStream(path, { start }) as AsyncIterable<Buffer>) {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
        const line = rest.toString("utf8", 0, end);
        rest = rest.subarray(end + 1);
        bytes += end + 1;
        if (line.trim() !== "") batch.push(line);
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
