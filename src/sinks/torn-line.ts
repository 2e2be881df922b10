import { appendFile, type FileHandle, open } from "node:fs/promises";
import { errorCode } from "../frames/file-reasons.js";
import { MAX_LINE_BYTES } from "../records/json-lines.js";

const NEWLINE = 0x0a;
const CHUNK_BYTES = 2 ** 20;
const ZEROS = Buffer.alloc(CHUNK_BYTES);

/**
 * Repairs a file of JSON lines whose last line was cut off by a crash: the piece is moved to `<path>.torn`. A last
 * line that is whole but for its line break gets one.
 * @returns the number of bytes that were moved.
 */
export async function repairTornLine(path: string): Promise<number> {
  let file: FileHandle;
  try {
    file = await open(path, "r+");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return 0;
    throw error;
  }
  try {
    const { size } = await file.stat();
    const start = await startOfTail(file, size);
    if (start === size) return 0;
    const length = size - start;
    if (length <= MAX_LINE_BYTES && isJson(await bytesOf(file, start, length))) {
      await file.write(Buffer.from("\n"), 0, 1, size);
      return 0;
    }
    await moveAway(file, start, size, `${path}.torn`);
    await file.truncate(start);
    await file.sync();
    return length;
  } finally {
    await file.close();
  }
}

/** Without parts that hold nothing: a disk may leave a hole of any length. */
async function moveAway(file: FileHandle, start: number, size: number, path: string): Promise<void> {
  for (let begin = start; begin < size; begin += CHUNK_BYTES) {
    const part = await bytesOf(file, begin, Math.min(CHUNK_BYTES, size - begin));
    if (!part.equals(ZEROS.subarray(0, part.length))) await appendFile(path, part);
  }
  await appendFile(path, "\n");
}

async function bytesOf(file: FileHandle, begin: number, length: number): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  await file.read(bytes, 0, length, begin);
  return bytes;
}

/** Offset of what follows the last line break. */
async function startOfTail(file: FileHandle, size: number): Promise<number> {
  const chunk = Buffer.alloc(CHUNK_BYTES);
  for (let end = size; end > 0; end -= CHUNK_BYTES) {
    const begin = Math.max(0, end - CHUNK_BYTES);
    const { bytesRead } = await file.read(chunk, 0, end - begin, begin);
    const at = chunk.subarray(0, bytesRead).lastIndexOf(NEWLINE);
    if (at >= 0) return begin + at + 1;
  }
  return 0;
}

function isJson(bytes: Buffer): boolean {
  try {
    JSON.parse(bytes.toString("utf8"));
    return true;
  } catch {
    return false;
  }
}
