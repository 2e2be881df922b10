import { availableParallelism } from "node:os";
import { basename, dirname, isAbsolute, join, relative, resolve } from "node:path";
import type { ArgumentsCamelCase, CommandModule, InferredOptionTypes, Options } from "yargs";
import { type Calibration, readCalibration } from "../calibration/calibration-file.js";
import type { FrameReadError } from "../errors.js";
import { overlayLegend } from "../focus/overlay-legend.js";
import { Scorer } from "../focus/scorer.js";
import { COLOURS, type Colour } from "../frames/counts.js";
import { isDrawn } from "../frames/file-names.js";
import { commonFolder, type FoundImage, searchImages } from "../frames/find-images.js";
import { FrameDecoder } from "../frames/frame-decoder.js";
import { makeFolder } from "../frames/make-folder.js";
import { namePattern } from "../frames/name-groups.js";
import { UnreadFiles } from "../frames/unread-files.js";
import { PLATE_FORMATS } from "../frames/wells.js";
import { writeAtomically } from "../frames/write-atomically.js";
import type { RunState } from "../scores/run-state.js";
import { scoreImages } from "../scores/score-images.js";
import { columnsOf, formatRow } from "../scores/score-rows.js";
import { isInShard, parseShard } from "../scores/shard.js";
import { formatOf, rowFormat, TABLE_ENDINGS, TABLE_FORMATS } from "../scores/table-format.js";
import { someNamed } from "../some-named.js";
import { FileSites } from "../sources/file-sites.js";
import { UsageError } from "./check-arguments.js";
import { exitCodes } from "./exit-codes.js";
import { METRIC_COLUMNS, metricCells, metricsOption } from "./metric-columns.js";
import { namedFormat } from "./named-format.js";
import { checkOptics, type OpticsArguments, opticsDoubt, opticsOptions } from "./optics-options.js";
import { say } from "./print.js";
import { openRows } from "./score-output.js";
import { ScorePictures } from "./score-pictures.js";
import { ScoreProgress } from "./score-progress.js";
import { ScoreSampling } from "./score-sampling.js";
import { scorerOf, scorerOptions } from "./scorer-options.js";
import { spareFiles } from "./spared-files.js";

/** Files that a message names. */
const MISSING_NAMED = 6;

const options = {
  format: {
    choices: TABLE_FORMATS,
    describe: "Format of the rows, one a page; default: what the name of --out ends in, else csv",
  },
  out: { type: "string", describe: "File for the rows (.csv, .jsonl, .parquet); default: standard output" },
  resume: {
    type: "boolean",
    default: true,
    describe: "Go on where an earlier run into --out was cut off; --no-resume begins anew",
  },
  shard: {
    type: "string",
    describe:
      "Only one of so many parts of the files, such as 2/4: for several machines, then parfocal merge",
  },
  overlay: {
    type: "string",
    describe: "Folder for pictures with the patches framed: hue = level, brightness = certainty",
  },
  colour: {
    choices: COLOURS,
    default: "luminance",
    describe: "What is judged of colour images",
  },
  "max-image-mib": {
    type: "number",
    describe: "Largest image, MiB; default: a quarter of the memory that is free",
  },
  "name-pattern": {
    type: "string",
    describe:
      "What file names mean: a regular expression with CellProfiler's named groups (Plate, Well, Site, ...)",
  },
  "plate-wells": {
    type: "number",
    choices: PLATE_FORMATS.map(({ wells }) => wells),
    describe: "Wells of the plates: what would lie outside is no well",
  },
  masks: { type: "string", describe: "Folder for pixel maps of level, certainty and validity" },
  ...metricsOption,
  ...opticsOptions,
  calibration: {
    type: "string",
    describe: "File that parfocal calibrate wrote: gives defocus_um without --na",
  },
  ...scorerOptions,
} as const satisfies Record<string, Options>;

type ScoreArguments = InferredOptionTypes<typeof options> & { paths: string[] };

export const scoreCommand: CommandModule<unknown, ScoreArguments> = {
  command: "score <paths..>",
  describe: "Score images for focus: level 0 (in focus) to 10, certainty, condition",
  builder: (yargs) =>
    yargs
      .positional("paths", {
        type: "string",
        array: true,
        demandOption: true,
        describe: "Images (TIFF or PNG): files, folders, globs",
      })
      .options(options)
      .check((argv) => checkOptics(argv as unknown as OpticsArguments))
      .check((argv) => checkTable(argv as unknown as ScoreArguments)),
  handler: async (argv) => {
    await spareFiles([argv.out]);
    const shard = argv.shard === undefined ? undefined : parseShard(argv.shard);
    const calibration = argv.calibration === undefined ? undefined : await readCalibration(argv.calibration);
    const withDefocus = argv.na !== undefined || calibration !== undefined;
    const columns = columnsOf(withDefocus, argv.metrics ? METRIC_COLUMNS : []);
    const sites = new FileSites({
      pattern: argv.namePattern === undefined ? undefined : namePattern(argv.namePattern),
      plateWells: argv.plateWells,
      say,
    });
    for (const folder of [argv.overlay, argv.masks]) if (folder !== undefined) await makeFolder(folder);
    if (argv.overlay !== undefined) {
      await writeAtomically(join(argv.overlay, "legend.svg"), Buffer.from(overlayLegend()));
    }
    const sampling = new ScoreSampling(argv, calibration, say);
    const pictures = new ScorePictures(argv, await commonFolder(argv.paths), say);
    const scorer = await Scorer.load(scorerOf(argv));
    const format = argv.format ?? (argv.out === undefined ? undefined : formatOf(argv.out)) ?? "csv";
    const table = await openRows({
      ...{ path: argv.out, format, columns, resume: argv.resume, now: () => performance.now() },
      settings: settingsOf(argv, scorer, columns, calibration),
    });
    say(scorer.engine);
    const doubt = opticsDoubt(argv);
    if (doubt !== undefined) say(doubt);
    if (table.done.files > 0) say(`${argv.out}: going on after ${table.done.files} files`);

    const failed = new FailedPages();
    let missing = 0;
    const onProblem = (problem: FrameReadError) => {
      missing++;
      say(`Not scored: ${problem.message}`);
    };
    const unread = new UnreadFiles((what) => say(`Not scored: ${what}`));
    // Pictures that are drawn here are no frames, also where they are named.
    const drawn = [argv.overlay, argv.masks].filter((folder) => folder !== undefined);
    const isOurs = ({ path, namedPath }: FoundImage) =>
      !(isDrawn(path) && drawn.some((folder) => liesIn(folder, path))) &&
      (shard === undefined || isInShard(shard, namedPath));
    const progress = new ScoreProgress(table.done.files, () => performance.now() / 1000, say);
    const counting = new AbortController();
    void countImages(argv.paths, isOurs, counting.signal).then((total) => {
      progress.total = total;
    });
    const maxBytes = argv.maxImageMib === undefined ? undefined : argv.maxImageMib * 2 ** 20;
    const decoder = new FrameDecoder(availableParallelism(), argv.colour as Colour, maxBytes);
    const wanted = async function* () {
      for await (const image of searchImages(argv.paths, onProblem, (path) => unread.meet(path))) {
        if (isOurs(image) && !table.isDone(image.path)) yield image;
        else sites.pass(image.namedPath);
      }
    };
    const lacking = new MissingFiles();
    await scoreImages({
      ...{ images: wanted(), decoder, scorer, sites },
      coverage: argv.overlay === undefined && argv.masks === undefined ? "sample" : "full",
      sampling: (path, page) => sampling.of(path, page),
      more: (frame) => (argv.metrics ? metricCells(frame) : {}),
      row: (row) => table.append(formatRow(rowFormat(format), columns, row)),
      scored: (path, page, report) => pictures.draw(path, page, report),
      missing: (path, names) => lacking.add(path, names),
      failed: (_, reason) => failed.add(reason),
      fileDone: async (path, pages, notScored) => {
        await table.fileDone(path, pages, notScored);
        failed.fileDone(path);
        progress.fileDone(basename(path));
      },
    });
    counting.abort();
    progress.stop();
    await decoder.dispose();
    await scorer.dispose();
    await table.finish();
    const { pages, files } = table.done;
    const notScored = table.done.notScored + missing;
    if (notScored > 0) say(`${pages} pages scored, ${notScored} not`);
    // A shard may meet none but broken files; those of the others may be good.
    const isSome = pages > 0 || (shard !== undefined && files > 0);
    if (notScored + pictures.notDrawn > 0)
      process.exitCode = isSome ? exitCodes.someFilesFailed : exitCodes.failed;
  },
};

function checkTable({ shard, format, out, "max-image-mib": mib }: ScoreArguments): true {
  if (mib !== undefined && !(mib >= 1)) throw new UsageError(`--max-image-mib must be 1 or more, got ${mib}`);
  if (shard !== undefined && parseShard(shard) === undefined) {
    throw new UsageError(`--shard must be a part of a whole such as 2/4, got ${shard}`);
  }
  if (format === undefined) namedFormat(out, TABLE_ENDINGS);
  if (format === "parquet" && out === undefined) throw new UsageError("--format parquet needs --out");
  return true;
}

/** What the rows of a table depend on. */
function settingsOf(
  argv: ArgumentsCamelCase<ScoreArguments>,
  scorer: Scorer,
  columns: readonly string[],
  calibration: Calibration | undefined,
): RunState["settings"] {
  const {
    paths,
    shard,
    colour,
    namePattern: pattern,
    plateWells,
    tiling,
    na,
    pixelUm,
    refractiveIndex,
  } = argv;
  const optics = calibration ?? (na === undefined ? undefined : { na, pixelUm, refractiveIndex });
  const settings = {
    // Rows name their files by the paths as they are given.
    ...{ paths: paths.map((path) => resolve(path)), pathsAsGiven: paths },
    ...{ shard, model: scorer.model.sha256, columns },
    ...{ colour, namePattern: pattern, plateWells, tiling, optics },
  };
  return JSON.parse(JSON.stringify(settings)) as RunState["settings"];
}

/** How many images there are to score; NaN where it was given up. Another search of its own, so that scoring begins at once. */
async function countImages(
  paths: readonly string[],
  isOurs: (image: FoundImage) => boolean,
  signal: AbortSignal,
): Promise<number> {
  let count = 0;
  for await (const image of searchImages(paths, () => undefined)) {
    if (signal.aborted) return Number.NaN;
    if (isOurs(image)) count++;
  }
  return count;
}

function liesIn(folder: string, path: string): boolean {
  const way = relative(resolve(folder), resolve(path));
  return way !== "" && !way.startsWith("..") && !isAbsolute(way);
}

/** Tells of the files of data sets that are not there, each once, by the first file that names it. */
class MissingFiles {
  readonly #told = new Set<string>();

  add(path: string, names: readonly string[]): void {
    const fresh = names.map((name) => join(dirname(path), name)).filter((place) => !this.#told.has(place));
    if (fresh.length === 0) return;
    for (const place of fresh) this.#told.add(place);
    const named = someNamed(fresh, MISSING_NAMED);
    say(`Not scored, because missing: ${named}, of the data set that ${basename(path)} is of (its OME-XML)`);
  }
}

/** Tells why pages were not scored: of each file the first one at once, and at its end how many more there were. */
class FailedPages {
  #more = -1;

  add(reason: string): void {
    if (++this.#more === 0) say(`Not scored: ${reason}`);
  }

  fileDone(path: string): void {
    if (this.#more > 0) say(`Not scored: ${path}: ${this.#more} more ${this.#more === 1 ? "page" : "pages"}`);
    this.#more = -1;
  }
}
