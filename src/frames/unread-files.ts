import { extname } from "node:path";

const CONVERT = "export TIFF or convert them to OME-Zarr";
const OR_PYTHON = `${CONVERT}, or use parfocal send of the Python package`;
/** Files of microscopes that are not read, by how their names end, and what to do. */
const UNREAD: ReadonlyMap<string, string> = new Map([
  ...[".nd2", ".czi"].map((ending) => [ending, OR_PYTHON] as const),
  ...[".lif", ".lof", ".oir", ".oib", ".vsi", ".zvi", ".dv", ".r3d", ".c01", ".ims", ".sld", ".sldy"].map(
    (ending) => [ending, CONVERT] as const,
  ),
]);

/** Tells of the files of microscopes that a search or a watched folder passes by, once for each kind. */
export class UnreadFiles {
  readonly #told = new Set<string>();

  /** @returns what to say about a file; undefined where it is of no such kind, or of one that has been told. */
  meet(path: string): string | undefined {
    const ending = extname(path).toLowerCase();
    const advice = UNREAD.get(ending);
    if (advice === undefined || this.#told.has(ending)) return undefined;
    this.#told.add(ending);
    return `${path}: files that end in ${ending} are not read: ${advice} (docs/files.md)`;
  }
}
