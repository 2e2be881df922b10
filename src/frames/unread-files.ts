const SAVE = "save TIFF or PNG, without losses";
const CONVERT = "export TIFF or convert them to OME-Zarr";
const OR_PYTHON = `${CONVERT}, or use parfocal send of the Python package`;
/** Files of microscopes, and images, that are not read, by how their names end, and what to do. */
const UNREAD: ReadonlyMap<string, string> = new Map([
  ...[".nd2", ".czi"].map((ending) => [ending, OR_PYTHON] as const),
  ...[".lif", ".lof", ".oir", ".oib", ".vsi", ".zvi", ".dv", ".r3d", ".c01", ".ims", ".sld", ".sldy"].map(
    (ending) => [ending, CONVERT] as const,
  ),
  // Zipped OME-Zarr.
  ...[".zarr.zip", ".ozx"].map((ending) => [ending, "unpack them to folders that end in .zarr"] as const),
  // What Squid, Incucyte and EVOS may be set to write.
  ...[".bmp", ".jpg", ".jpeg", ".jp2", ".gif"].map((ending) => [ending, SAVE] as const),
]);

/** Tells of the images that a search or a watched folder passes by, once for each kind. */
export class UnreadFiles {
  readonly #tell: (what: string, path: string) => void;
  readonly #told = new Set<string>();

  constructor(tell: (what: string, path: string) => void) {
    this.#tell = tell;
  }

  meet(path: string): void {
    const [ending = ""] = /\.zarr\.zip$|\.[^./\\]*$/.exec(path.toLowerCase()) ?? [];
    const advice = UNREAD.get(ending);
    if (advice === undefined || this.#told.has(ending)) return;
    this.#told.add(ending);
    this.#tell(`${path}: files that end in ${ending} are not read: ${advice} (docs/files.md)`, path);
  }
}
