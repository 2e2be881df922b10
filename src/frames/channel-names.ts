import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { BoundedMap } from "../protocol/bounded-map.js";
import { openedForReading } from "./open-file.js";

/** The summary stands at the beginning. */
const HEAD_BYTES = 256 * 1024;

const Names = z.union([
  z.array(z.string().trim().min(1)),
  // Property maps keep their values one level down.
  z.object({ array: z.array(z.string().trim().min(1)) }).transform(({ array }) => array),
]);

/**
 * Names of the channels by their index, from the `metadata.txt` that Micro-Manager writes beside an image (or
 * `x_metadata.txt` beside a stack `x.ome.tif`). While an acquisition runs the file is not finished, so no JSON; only its
 * `ChNames` are looked for. Empty where there are none; never throws.
 */
async function channelNamesBeside(image: string): Promise<readonly string[]> {
  const stem = basename(image).replace(/(\.ome)?\.tiff?$/i, "");
  for (const name of ["metadata.txt", `${stem}_metadata.txt`]) {
    const names = channelNamesIn(await headOf(join(dirname(image), name)));
    if (names.length > 0) return names;
  }
  return [];
}

/** Folders whose channel names are remembered: one a position. */
const MAX_FOLDERS = 10_000;

/** Looks for names of channels beside images until they are there, then once a folder. */
export class ChannelNames {
  readonly #byFolder = new BoundedMap<string, readonly string[]>(MAX_FOLDERS);

  async beside(image: string): Promise<readonly string[]> {
    const folder = dirname(image);
    const known = this.#byFolder.get(folder);
    if (known !== undefined) return known;
    const names = await channelNamesBeside(image);
    if (names.length > 0) this.#byFolder.set(folder, names);
    return names;
  }
}

function channelNamesIn(text: string): readonly string[] {
  // Brackets may stand in names.
  // Of a crafted file with many of them each would be followed to the end.
  const first = text.slice(Math.max(text.indexOf('"ChNames"'), 0));
  const match = /^"ChNames"\s*:\s*(\[(?:[^\]"]|"(?:[^"\\]|\\.)*")*\]|\{(?:[^}"]|"(?:[^"\\]|\\.)*")*\})/.exec(
    first,
  );
  if (match === null) return [];
  try {
    return Names.safeParse(JSON.parse(match[1]!)).data ?? [];
  } catch {
    return [];
  }
}

async function headOf(path: string): Promise<string> {
  try {
    const file = await openedForReading(path);
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
      return buffer.toString("utf8", 0, bytesRead);
    } finally {
      await file.close();
    }
  } catch {
    return "";
  }
}
