import { basename, dirname, join } from "node:path";
import type { ArgumentsCamelCase, CommandModule, InferredOptionTypes, Options } from "yargs";
import { ConfigError } from "../errors.js";
import { besideOneAnother } from "../evaluation/compare-models.js";
import { evaluate } from "../evaluation/evaluate.js";
import { PatchGallery } from "../evaluation/page/patch-gallery.js";
import { RegimeGallery } from "../evaluation/page/regime-gallery.js";
import { type EvaluatedModel, reportPage } from "../evaluation/page/report-page.js";
import { evaluationMarkdown } from "../evaluation/report.js";
import { Scorer } from "../focus/scorer.js";
import { makeFolder } from "../frames/make-folder.js";
import { labelOf, type ManifestRow, readManifest } from "../frames/manifest.js";
import { writeAtomically } from "../frames/write-atomically.js";
import { describeMachine } from "../machine.js";
import { someNamed } from "../some-named.js";
import { commandLine } from "./command-line.js";
import { exitCodes } from "./exit-codes.js";
import {
  checkOptics,
  type OpticsArguments,
  opticsOptions,
  opticsProblem,
  samplingOf,
} from "./optics-options.js";
import { print, say } from "./print.js";
import { ProgressBar } from "./progress.js";
import { scorerOf, scorerOptions } from "./scorer-options.js";
import { spareFiles } from "./spared-files.js";

/** Labels that a message names. */
const LABELS_NAMED = 6;
/** Files that it names. */
const FILES_NAMED = 3;

const options = {
  ...scorerOptions,
  model: {
    ...{ type: "string", array: true, nargs: 1, default: ["default"] },
    describe: "Shipped model's name, or a model folder; give it again for each further model",
  },
  ...opticsOptions,
  "peak-electrons": {
    type: "number",
    describe: "Photoelectrons of the brightest pixel of the synthetic frames; default: no photon noise",
  },
  seed: {
    type: "number",
    default: 1,
    describe: "Seed of the noise, of the frames that thresholds are chosen on and of the resamples",
  },
  report: {
    type: "string",
    describe: "File for the report with pictures: one HTML page that needs nothing else",
  },
  json: {
    type: "string",
    describe: "File for all figures as JSON: an object, or a list of them for several models",
  },
  out: {
    type: "string",
    describe:
      "Folder for evaluation.md and evaluation.json of one model; default: Markdown on standard output",
  },
} as const satisfies Record<string, Options>;

type EvaluateArguments = InferredOptionTypes<typeof options> & { manifest: string };

export const evaluateCommand: CommandModule<unknown, EvaluateArguments> = {
  command: "evaluate <manifest>",
  describe: "Measure models on labelled images, focal stacks and synthetic defocus",
  builder: (yargs) =>
    yargs
      .positional("manifest", { type: "string", demandOption: true, describe: "manifest.csv of the images" })
      .options(options)
      .check((argv) => checkOptics(argv as unknown as OpticsArguments)),
  handler: async (argv) => {
    await spareFiles([argv.report, argv.json], [argv.manifest]);
    const rows = await readManifest(argv.manifest);
    if (rows.length === 0) throw new ConfigError(argv.manifest, ["it names no image below its header row"]);
    assertOptics(argv, rows);
    for (const doubt of labelDoubts(rows)) say(doubt);
    // A report that cannot be written is known before, not after, all is judged.
    const { out, report, json } = argv;
    for (const file of [report, json]) if (file !== undefined) await makeFolder(dirname(file));
    if (out !== undefined) await makeFolder(out);
    const models: EvaluatedModel[] = [];
    for (const model of argv.model) models.push(await evaluated(argv, model, rows, models));
    const { frames, leftOut, firstPages } = models[0]!.evaluation;
    if (firstPages.length > 0) say(pagesNotJudged(firstPages));
    for (const reason of leftOut) say(`Left out: ${reason}`);
    if (frames.length > 0) await write(argv, besideOneAnother(models, argv.seed));
    if (leftOut.length > 0)
      process.exitCode = frames.length > 0 ? exitCodes.someFilesFailed : exitCodes.failed;
  },
};

/** A row stands for one image: of a stack, nothing says which page it means. */
function pagesNotJudged(files: readonly string[]): string {
  return `Only the first page is judged of files with several: ${someNamed(files, FILES_NAMED)}. Save the page that a row means as a file of its own`;
}

/** What labels of a manifest do not say what they may be meant to. */
function labelDoubts(rows: readonly ManifestRow[]): string[] {
  if (!rows.some(saysWhatItShows)) {
    return [
      "no row has a focus_label (in or out), a level, the kind infocus, or a stack_id and z_um: there is nothing to measure against (docs/commands.md)",
    ];
  }
  const unknown = rows.filter((row) => row.focusLabel !== undefined && labelOf(row) === undefined);
  if (unknown.length === 0) return [];
  const labels = [...new Set(unknown.map(({ focusLabel }) => focusLabel))].slice(0, LABELS_NAMED).join(", ");
  const rowsAre = unknown.length === 1 ? "1 row has" : `${unknown.length} rows have`;
  return [
    `${rowsAre} a focus_label that begins neither with "in" nor with "out", and counts for none: ${labels}`,
  ];
}

function saysWhatItShows({ focusLabel, level, kind, stackId, zUm }: ManifestRow): boolean {
  const isInStack = stackId !== undefined && zUm !== undefined;
  return focusLabel !== undefined || level !== undefined || kind === "infocus" || isInStack;
}

async function evaluated(
  argv: ArgumentsCamelCase<EvaluateArguments>,
  model: string,
  rows: readonly ManifestRow[],
  before: readonly EvaluatedModel[],
): Promise<EvaluatedModel> {
  const scorer = await Scorer.load(scorerOf({ ...argv, model }));
  say(scorer.engine);
  const label = unusedLabel(
    scorer.model.name,
    before.map((other) => other.label),
  );
  const bar = new ProgressBar(`Evaluating ${label} {bar} {value}/{total}`, rows.length);
  const [patches, regimes] = [new PatchGallery(), new RegimeGallery()];
  try {
    const evaluation = await evaluate({
      ...{ scorer, rows, seed: argv.seed },
      peakElectrons: argv.peakElectrons ?? Number.POSITIVE_INFINITY,
      samplingOf: (row, page) => samplingOf(opticsOf(argv, row), page.frame, page.metadata),
      onProgress: (done) => bar.update(done),
      onFrame: (row, frame, report) => {
        patches.add(frame, report);
        regimes.add(basename(row.file), frame, report);
      },
    });
    return { label, evaluation, patches, regimes };
  } finally {
    bar.stop();
    await scorer.dispose();
  }
}

/** What the row says of its optics, else the options; the file itself is asked last. */
function opticsOf(options: OpticsArguments, row: ManifestRow): OpticsArguments {
  return {
    na: row.numericalAperture ?? options.na,
    pixelUm: row.pixelUm ?? options.pixelUm,
    refractiveIndex: row.refractiveIndex ?? options.refractiveIndex,
  };
}

/** @throws ConfigError naming the rows whose optics cannot be. */
function assertOptics(argv: ArgumentsCamelCase<EvaluateArguments>, rows: readonly ManifestRow[]): void {
  const problems = rows.flatMap((row) => {
    const problem = opticsProblem(opticsOf(argv, row));
    return problem === undefined ? [] : `${row.file}, ${problem.option.replace("-", "_")}: ${problem.rule}`;
  });
  if (problems.length > 0) throw new ConfigError(argv.manifest, problems);
}

/** Names of two models may be the same. */
function unusedLabel(name: string, used: readonly string[]): string {
  for (let number = 1; ; number++) {
    const label = number === 1 ? name : `${name} (${number})`;
    if (!used.includes(label)) return label;
  }
}

async function write(
  { out, report, json }: ArgumentsCamelCase<EvaluateArguments>,
  models: readonly EvaluatedModel[],
): Promise<void> {
  const [command, machine] = [commandLine(), describeMachine()];
  const evaluations = models.map(({ evaluation }) => evaluation);
  const file = async (path: string, text: string) => {
    await writeAtomically(path, Buffer.from(text));
    say(`Written: ${path}`);
  };
  const figures = JSON.stringify(evaluations.length === 1 ? evaluations[0] : evaluations, null, 1);
  const markdown = evaluations
    .map((evaluation) => evaluationMarkdown(evaluation, command, machine))
    .join("\n");
  if (report !== undefined) await file(report, reportPage(models, command, machine));
  if (json !== undefined) await file(json, `${figures}\n`);
  if (out !== undefined) {
    await file(join(out, "evaluation.md"), markdown);
    await file(join(out, "evaluation.json"), `${figures}\n`);
  } else if (report === undefined && json === undefined) {
    print(markdown);
  }
}
