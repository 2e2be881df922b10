import { createWriteStream } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import type { Writable } from "node:stream";
import { finished } from "node:stream/promises";
import type { CommandModule, InferredOptionTypes, Options } from "yargs";
import { readCalibration } from "../calibration/calibration-file.js";
import { FrameReadError, isParfocalError, OutputError, reasonOf } from "../errors.js";
import { drawMasks } from "../focus/masks.js";
import { drawOverlay } from "../focus/overlay.js";
import type { FocusReport } from "../focus/report.js";
import { Scorer } from "../focus/scorer.js";
import { COLOURS, type Colour } from "../frames/counts.js";
import { type FoundImage, findNamedImages } from "../frames/find-images.js";
import type { Frame } from "../frames/frame.js";
import { FrameDecoder } from "../frames/frame-decoder.js";
import { makeFolder } from "../frames/make-folder.js";
import { namePattern } from "../frames/name-groups.js";
import { PLATE_FORMATS } from "../frames/wells.js";
import { writeGreyPng, writeRgbPng } from "../frames/write-png.js";
import { FileSites } from "../sources/file-sites.js";
import { exitCodes } from "./exit-codes.js";
import { METRIC_COLUMNS, metricCells, metricsOption } from "./metric-columns.js";
import { checkOptics, type OpticsArguments, opticsOptions, samplingOf } from "./optics-options.js";
import { say } from "./print.js";
import { ProgressBar } from "./progress.js";
import { FORMATS, formatRow, header, scoreRow } from "./score-rows.js";
import { scorerOf, scorerOptions } from "./scorer-options.js";

const options = {
  format: { choices: FORMATS, default: "csv", describe: "One row per page, as CSV or JSON lines" },
  out: { type: "string", describe: "File for the rows; default: standard output" },
  overlay: {
    type: "string",
    describe: "Folder for pictures with the patches framed: hue = level, brightness = certainty",
  },
  colour: {
    choices: COLOURS,
    default: "luminance",
    describe: "What is judged of colour images",
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
      .check((argv) => checkOptics(argv as unknown as OpticsArguments)),
  handler: async (argv) => {
    const sites = new FileSites({
      pattern: argv.namePattern === undefined ? undefined : namePattern(argv.namePattern),
      plateWells: argv.plateWells,
      say,
    });
    const { images, missing } = await findAll(argv.paths);
    const found = [...images.keys()];
    const pictureName = nameBelow(found);
    for (const reason of missing) say(`Not scored: ${reason}`);
    for (const folder of [argv.overlay, argv.masks]) if (folder !== undefined) await makeFolder(folder);
    const output = await openOutput(argv.out);
    const scorer = await Scorer.load(scorerOf(argv));
    say(scorer.engine);

    const decoder = new FrameDecoder(
      Math.max(1, Math.min(availableParallelism(), found.length)),
      argv.colour as Colour,
    );
    const bar = new ProgressBar("Scoring {bar} {value}/{total} files  {note}", found.length);
    const filesDone = new Set<string>();
    const failed = new FailedPages();
    let failures = missing.length;
    let scored = 0;
    const calibration = argv.calibration === undefined ? undefined : await readCalibration(argv.calibration);
    const withDefocus = argv.na !== undefined || calibration !== undefined;
    const coverage = argv.overlay === undefined && argv.masks === undefined ? "sample" : "full";
    const metricColumns = argv.metrics ? METRIC_COLUMNS : [];
    await write(output, header(argv.format, withDefocus, metricColumns));
    for await (const decoded of decoder.pages(found)) {
      const { path } = decoded;
      try {
        if ("failure" in decoded) {
          failures++;
          failed.add(path, decoded.failure);
        } else {
          const { page, frame, metadata } = decoded.page;
          const place = { path: images.get(path)!.namedPath, page, metadata };
          const sampling = calibration ?? samplingOf(argv, frame, metadata?.pixelUm);
          if (withDefocus && sampling === undefined) {
            throw new FrameReadError(path, "the file does not say how large a pixel is: give --pixel-um");
          }
          const report = await scorer.score(frame, { ...sampling, coverage });
          const row = {
            ...scoreRow(path, page, sites.frameOf(place), report, sampling?.umPerLevel),
            ...(argv.metrics ? metricCells(frame) : {}),
          };
          await write(output, formatRow(argv.format, row, withDefocus, metricColumns));
          await draw(argv, `${pictureName(path)}-${page}`, frame, report);
          scored++;
        }
      } catch (error) {
        if (!isParfocalError(error) || error.tag === "OutputError") throw error;
        failures++;
        failed.add(path, error.message.startsWith(path) ? error.message : `${path}: ${error.message}`);
      }
      filesDone.add(path);
      bar.update(filesDone.size, { note: basename(path) });
    }
    bar.stop();
    failed.tellRest();
    await decoder.dispose();
    await scorer.dispose();
    await close(output);
    if (failures > 0) say(`${scored} pages scored, ${failures} not`);
    if (failures > 0) process.exitCode = scored > 0 ? exitCodes.someFilesFailed : exitCodes.failed;
  },
};

/** What there is to score; a path that leads nowhere does not keep the others from being scored. */
async function findAll(
  paths: readonly string[],
): Promise<{ images: Map<string, FoundImage>; missing: string[] }> {
  const images = new Map<string, FoundImage>();
  const missing: string[] = [];
  for (const path of paths) {
    try {
      for (const image of await findNamedImages(path))
        if (!images.has(image.path)) images.set(image.path, image);
    } catch (error) {
      if (!isParfocalError(error)) throw error;
      missing.push(error.message);
    }
  }
  return { images, missing };
}

/** Names of pictures: paths of the images below the folder that all of them lie in, so that no two are the same. */
function nameBelow(paths: readonly string[]): (path: string) => string {
  const folders = paths.map((path) => dirname(resolve(path)).split(sep));
  const shortest = Math.min(...folders.map(({ length }) => length));
  const same = Array.from({ length: shortest }, (_, i) =>
    folders.every((parts) => parts[i] === folders[0]![i]),
  );
  const depth = same.includes(false) ? same.indexOf(false) : shortest;
  const root = (folders[0] ?? []).slice(0, depth).join(sep) || sep;
  return (path) => relative(root, resolve(path));
}

async function draw(
  folders: { overlay: string | undefined; masks: string | undefined },
  name: string,
  frame: Frame,
  report: FocusReport,
): Promise<void> {
  for (const folder of [folders.overlay, folders.masks]) {
    if (folder !== undefined && dirname(name) !== ".") await makeFolder(join(folder, dirname(name)));
  }
  if (folders.overlay !== undefined) {
    await writeRgbPng(join(folders.overlay, `${name}-overlay.png`), drawOverlay(frame, report));
  }
  if (folders.masks !== undefined) {
    for (const [kind, mask] of Object.entries(drawMasks(frame, report))) {
      await writeGreyPng(join(folders.masks, `${name}-${kind}.png`), mask as Frame);
    }
  }
}

async function openOutput(path: string | undefined): Promise<Writable> {
  if (path === undefined) return process.stdout;
  const stream = createWriteStream(path);
  await new Promise<void>((resolve, reject) => {
    stream.once("open", () => resolve());
    stream.once("error", (cause) =>
      reject(new OutputError(path, `cannot be written: ${reasonOf(cause)}`, { cause })),
    );
  });
  return stream;
}

/** Resolves when the stream can take more. */
function write(stream: Writable, text: string): Promise<void> {
  return new Promise((resolve, reject) => stream.write(text, (error) => (error ? reject(error) : resolve())));
}

async function close(stream: Writable): Promise<void> {
  if (stream === process.stdout) return;
  stream.end();
  await finished(stream);
}

/** Tells why pages were not scored: of each file the first one at once, and at the end how many more there were. */
class FailedPages {
  readonly #more = new Map<string, number>();

  add(path: string, reason: string): void {
    const before = this.#more.get(path);
    this.#more.set(path, before === undefined ? 0 : before + 1);
    if (before === undefined) say(`Not scored: ${reason}`);
  }

  tellRest(): void {
    for (const [path, count] of this.#more) {
      if (count > 0) say(`Not scored: ${path}: ${count} more ${count === 1 ? "page" : "pages"}`);
    }
  }
}
