/**
 * Worker thread that reads and decodes files, one at a time, page by page.
 * @module
 */
import { HandedOver, serveCalls } from "../serve-calls.js";
import { type PixelsSeen, seenIn } from "./pixels-seen.js";
import { type OpenImage, openImage, type PageOptions, type PagePlace } from "./read-frames.js";
import type { FailedPage, FramePage } from "./tiff.js";

/** What was read, for telling whether the file has changed since. */
export interface OpenedFile {
  readonly size: number;
  readonly mtimeMs: number;
}

/** What `open` takes. */
export interface OpenRequest extends Pick<PageOptions, "maxBytes" | "colour"> {
  readonly path: string;
  /** Whether to look at the pixels, for `PixelsSeen`. */
  readonly look?: boolean;
}

/** A page, or why it could not be read. */
export type ReadPage =
  | (FramePage & { readonly seen?: PixelsSeen })
  | { readonly page: number; readonly failure: string };

let image: OpenImage | undefined;
let request: OpenRequest | undefined;
let pages: AsyncGenerator<FramePage | FailedPage, void, undefined> | undefined;

function close(): void {
  image?.close();
  image = undefined;
  pages = undefined;
}

serveCalls(
  {
    open(asked: OpenRequest): OpenedFile {
      close();
      request = asked;
      image = openImage(asked.path);
      const { size, mtimeMs } = image;
      return { size, mtimeMs };
    },

    /** Begins with the page at a place, or with the first one. */
    begin(from: PagePlace | undefined): void {
      if (image === undefined || request === undefined) return;
      const { maxBytes, colour } = request;
      const options = { maxBytes, colour, from };
      const known = Object.entries(options).filter(([, value]) => value !== undefined);
      pages = image.pages(Object.fromEntries(known));
    },

    /** The next page, handed over; undefined after the last. */
    async next(): Promise<HandedOver | ReadPage | undefined> {
      const next = await pages?.next();
      if (next === undefined || next.done === true) return undefined;
      const read = next.value;
      if ("error" in read) return { page: read.page, failure: read.error.message };
      const page: ReadPage = request?.look === true ? { ...read, seen: seenIn(read.frame, image!) } : read;
      return new HandedOver(page, [read.frame.pixels.buffer as ArrayBuffer]);
    },

    close,
    stop: close,
  },
  { inOrder: true },
);
