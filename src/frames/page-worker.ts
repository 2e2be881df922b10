/**
 * Worker thread that reads and decodes files, one at a time, page by page.
 * @module
 */
import { HandedOver, serveCalls } from "../serve-calls.js";
import { decodeFrames, type FramePage, readImageFile } from "./read-frames.js";

/** What was read, for telling whether the file has changed since. */
export interface OpenedFile {
  readonly size: number;
  readonly mtimeMs: number;
}

let pages: Generator<FramePage, void, undefined> | undefined;

serveCalls(
  {
    async open({ path, maxBytes }: { path: string; maxBytes: number }): Promise<OpenedFile> {
      pages = undefined;
      const { bytes, mtimeMs } = await readImageFile(path, { maxBytes });
      pages = decodeFrames(bytes, path);
      return { size: bytes.length, mtimeMs };
    },

    /** The next page, handed over; undefined after the last. */
    next(): HandedOver | undefined {
      const next = pages?.next();
      if (next === undefined || next.done === true) return undefined;
      return new HandedOver(next.value, [next.value.frame.pixels.buffer as ArrayBuffer]);
    },
  },
  { inOrder: true },
);
