import { appendFile, type FileHandle, open } from "node:fs/promises";
import { errorCode } from "../frames/file-reasons.js";

const NEWLINE = 0x0a;
const CHUNK_BYTES = 64 * 1024;

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
    const tail = Buffer.alloc(size - start);
    await file.read(tail, 0, tail.length, start);
    if (isJson(tail)) {
      await file.write(Buffer.from("\n"), 0, 1, size);
      return 0;
    }
    await appendFile(`${path}.torn`, Buffer.concat([tail, Buffer.from("\n")]));
    await file.truncate(start);
    await file.sync();
    return tail.length;
  } finally {
    await file.close();
  }
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
