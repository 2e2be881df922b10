import type { Readable } from "node:stream";

/**
 * Longest line that is read, bytes. No record is as long; what a disk or another program has left in the place of some may be longer than
 * memory.
 */
export const MAX_LINE_BYTES = 16 * 2 ** 20;

const NEWLINE = 0x0a;

/** A line of a file of JSON lines, without its line break. */
export interface JsonLine {
  /** Undefined where it is too long to be read. */
  readonly text: string | undefined;
  /** Bytes of it in the file, its line break included. */
  readonly bytes: number;
  /** False for a last line without line break: it may be half. */
  readonly isWhole: boolean;
}

/** The lines of a stream of bytes, some at a time. Only a line feed ends one: JSON may hold the other separators of Unicode as they are. */
export async function* linesOf(input: Readable): AsyncGenerator<readonly JsonLine[], void, undefined> {
  const line = new LineParts();
  for await (const chunk of input as AsyncIterable<Buffer>) {
    const lines: JsonLine[] = [];
    let begin = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, begin)) {
      line.add(chunk.subarray(begin, end));
      lines.push(line.take(true));
      begin = end + 1;
    }
    line.add(chunk.subarray(begin));
    if (lines.length > 0) yield lines;
  }
  if (line.bytes > 0) yield [line.take(false)];
}

/** A line as it comes in parts, which are joined once. */
class LineParts {
  #parts: Buffer[] = [];
  bytes = 0;

  add(part: Buffer): void {
    this.bytes += part.length;
    if (this.bytes > MAX_LINE_BYTES) this.#parts = [];
    else if (part.length > 0) this.#parts.push(part);
  }

  take(isWhole: boolean): JsonLine {
    const { bytes } = this;
    const text = bytes > MAX_LINE_BYTES ? undefined : Buffer.concat(this.#parts).toString("utf8");
    this.#parts = [];
    this.bytes = 0;
    return { text, bytes: bytes + (isWhole ? 1 : 0), isWhole };
  }
}
