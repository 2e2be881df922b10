import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type FramePage, readFrames } from "../../src/frames/read-frames.js";

/** Folder of the images that scripts/make-frame-fixtures.py writes. */
export const FIXTURES = join(import.meta.dirname, "../fixtures/frames");

/** What Python read from one page. */
export interface ExpectedPage {
  height: number;
  width: number;
  dtype: "uint8" | "uint16";
  sum: number;
  weightedSum: number;
  min: number;
  max: number;
  pixels: [row: number, column: number, value: number][];
}

/** By file name, the pages that can be read. */
export const expected = JSON.parse(await readFile(join(FIXTURES, "expected.json"), "utf8")) as Record<
  string,
  ExpectedPage[]
>;

/** The same of files whose pixels decoders round differently. */
export const jpegs = JSON.parse(
  await readFile(join(FIXTURES, "expected-jpeg.json"), "utf8"),
) as typeof expected;

/** Everything that a file gives before it ends or fails. */
export async function readAll(
  pages: AsyncIterable<FramePage> | Iterable<FramePage>,
): Promise<{ pages: FramePage[]; error: unknown }> {
  const given: FramePage[] = [];
  try {
    for await (const page of pages) given.push(page);
    return { pages: given, error: undefined };
  } catch (error) {
    return { pages: given, error };
  }
}

/** Everything that a fixture gives. */
export const fixture = (name: string) => readAll(readFrames(join(FIXTURES, name)));

/** What the generator of the fixtures computed in Python, from the frame that TypeScript read. */
export function describePage({ frame }: FramePage, { pixels: spots }: ExpectedPage): ExpectedPage {
  const { width, height, pixels } = frame;
  let sum = 0;
  let weightedSum = 0;
  for (const [i, value] of pixels.entries()) {
    sum += value;
    weightedSum += value * ((i % 251) + 1);
  }
  return {
    height,
    width,
    dtype: pixels instanceof Uint8Array ? "uint8" : "uint16",
    sum,
    weightedSum,
    min: Uint16Array.from(pixels).reduce((a, b) => Math.min(a, b)),
    max: Uint16Array.from(pixels).reduce((a, b) => Math.max(a, b)),
    pixels: spots.map(([row, column]) => [row, column, pixels[row * width + column]!]),
  };
}
