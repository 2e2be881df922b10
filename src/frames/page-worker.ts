/**
 * Worker thread that reads and decodes files, one at a time, page by page.
 * @module
 */
import { createHash } from "node:crypto";
import { HandedOver, serveCalls } from "../serve-calls.js";
import type { Frame } from "./frame.js";
import { type OpenImage, openImage, type PageOptions, type PagePlace } from "./read-frames.js";
import type { FailedPage, FramePage } from "./tiff.js";
import { isZeros } from "./zeros.js";

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

/** What the pixels of a page say about it: another page has another digest, and room that is only reserved is zeros. */
export interface PixelsSeen {
  readonly digest: string;
  readonly isZero: boolean;
  /** Its last row is zeros: files are written from the front. */
  readonly endsInZeros: boolean;
  /**
   * All that the file refers to is there, nothing lies behind it but room that is reserved, and the pixels have no gap: whoever wrote
   * it was through.
   */
  readonly isWhole: boolean;
}

/** A page, or why it could not be read. */
export type ReadPage =
  | (FramePage & { readonly seen?: PixelsSeen })
  | { readonly page: number; readonly failure: string };

const DIGEST_LENGTH = 12;
/** In place of a digest. */
const ZEROS = "0".repeat(DIGEST_LENGTH);
/** So many zeros in a row may be a part of the file that a copy has left out so far, px. */
const GAP_PX = 1024;

let image: OpenImage | undefined;
let request: OpenRequest | undefined;
let pages: AsyncGenerator<FramePage | FailedPage, void, undefined> | undefined;

function close(): void {
  image?.close();
  image = undefined;
  pages = undefined;
}

function seenIn({ frame: { pixels, width } }: FramePage, image: OpenImage): PixelsSeen {
  const bytes = new Uint8Array(pixels.buffer, pixels.byteOffset, pixels.byteLength);
  const endsInZeros = isZeros(bytes.subarray(-width * pixels.BYTES_PER_ELEMENT));
  // Reserved planes are many, and looked at again and again.
  if (endsInZeros && isZeros(bytes)) {
    return { digest: ZEROS, endsInZeros, isZero: true, isWhole: false };
  }
  const digest = createHash("sha1").update(bytes).digest("hex").slice(0, DIGEST_LENGTH);
  return { digest, endsInZeros, isZero: false, isWhole: image.isReadToItsEnd() && !hasGap(pixels) };
}

function hasGap(pixels: Frame["pixels"]): boolean {
  const step = GAP_PX / 2;
  let lastOfRun = -1;
  for (let at = 0; at < pixels.length; at += step) {
    if (pixels[at] !== 0 || at <= lastOfRun) continue;
    let [first, last] = [at, at];
    while (first > 0 && pixels[first - 1] === 0) first--;
    while (last < pixels.length - 1 && pixels[last + 1] === 0) last++;
    if (last - first + 1 >= GAP_PX) return true;
    lastOfRun = last;
  }
  return false;
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
      const page: ReadPage = request?.look === true ? { ...read, seen: seenIn(read, image!) } : read;
      return new HandedOver(page, [read.frame.pixels.buffer as ArrayBuffer]);
    },

    close,
    stop: close,
  },
  { inOrder: true },
);
