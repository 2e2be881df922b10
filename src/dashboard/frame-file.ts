import { resolve, sep } from "node:path";
import { isParfocalError } from "../errors.js";
import type { Colour } from "../frames/counts.js";
import { PageReader } from "../frames/page-reader.js";
import type { FrameMessage } from "../protocol/messages.js";
import { digestOf } from "../sources/file-header.js";

/** Whose frames come from files, and how these are read. */
export interface WatchedFolder {
  readonly path: string;
  readonly colour: Colour;
}

/**
 * The file in the folder that shows the frame and nothing else; undefined where it is a stack, was replaced or removed, or is said to
 * lie elsewhere: controllers may say anything.
 */
export async function fileOfFrameAlone(
  { path: folder, colour }: WatchedFolder,
  { id, meta }: FrameMessage,
): Promise<string | undefined> {
  if (typeof meta?.file !== "string") return undefined;
  const path = resolve(folder, meta.file);
  if (!path.startsWith(resolve(folder) + sep)) return undefined;
  const digests = await digestsIn(path, colour);
  return digests.length === 1 && digests[0] === digestOf(id) ? path : undefined;
}

/** Of the first two pages of a file; none where it cannot be read. */
async function digestsIn(path: string, colour: Colour): Promise<(string | undefined)[]> {
  const reader = new PageReader();
  const digests: (string | undefined)[] = [];
  try {
    await reader.open({ path, colour, look: true });
    for await (const page of reader.pages(path)) {
      digests.push("seen" in page ? page.seen?.digest : undefined);
      if (digests.length === 2) break;
    }
    return digests;
  } catch (error) {
    if (isParfocalError(error)) return [];
    throw error;
  } finally {
    await reader.stop();
  }
}
