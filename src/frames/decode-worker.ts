import { move, transferableSymbol, valueSymbol } from "piscina";
import { isParfocalError } from "../errors.js";
import { type FramePage, readFrames } from "./read-frames.js";

/** The pages of a file up to the first damaged one, and why that one is damaged. */
export interface DecodedFile {
  readonly pages: readonly FramePage[];
  readonly failure?: string;
}

/** Runs in a worker thread: reads and decodes one file; the pixels are handed over, not copied. */
export async function decodeFile(path: string): Promise<DecodedFile> {
  const pages: FramePage[] = [];
  let failure: string | undefined;
  try {
    for await (const page of readFrames(path)) pages.push(page);
  } catch (error) {
    if (!isParfocalError(error)) throw error;
    failure = error.message;
  }
  const decoded: DecodedFile = { pages, ...(failure === undefined ? {} : { failure }) };
  const handedOver = {
    [transferableSymbol]: pages.map(({ frame }) => frame.pixels.buffer as ArrayBuffer),
    [valueSymbol]: decoded,
  };
  return move(handedOver as unknown as Parameters<typeof move>[0]) as unknown as DecodedFile;
}
