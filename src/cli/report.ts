import { extname } from "node:path";
import type { ArgumentsCamelCase, CommandModule, InferredOptionTypes, Options } from "yargs";
import { ResultsError } from "../errors.js";
import { writeAtomically } from "../frames/write-atomically.js";
import { reimageCsv } from "../runs/reimage-list.js";
import { RunSummariser, type RunSummary } from "../runs/run-summary.js";
import { siteVerdicts } from "../runs/site-verdicts.js";
import { plateReport } from "../scores/plate-report.js";
import { PlateSummary, siteScores, wellsToLookAt } from "../scores/plate-scores.js";
import type { ScoreTable } from "../scores/read-table.js";
import { scoreTableAt } from "../scores/read-table.js";
import { reimageScores } from "../scores/reimage-scores.js";
import { readState } from "../scores/run-state.js";
import { ScoreVerdicts } from "../scores/score-verdicts.js";
import { finishedRuns, RUN_ARGUMENT } from "./finished-runs.js";
import { plateTables } from "./plate-tables.js";
import { print, say } from "./print.js";
import { checkReimage, reimageOptions, writeReimage } from "./reimage-file.js";
import { runTitle, tables } from "./run-report.js";
import { spareFiles } from "./spared-files.js";
import { storeOptions } from "./store-options.js";
import { mapOptions, verdictOptions, wantsVerdicts, writeFocusMap, writeVerdicts } from "./verdict-files.js";

const options = {
  session: { type: "string", describe: "Only this run, by its name or id; default: all that are there" },
  json: { type: "boolean", default: false, describe: "Print JSON instead of tables" },
  html: {
    type: "string",
    describe: "Page to write, with a map of each plate; needs nothing else to be shown",
  },
  ...reimageOptions,
  ...verdictOptions,
  ...mapOptions,
  ...storeOptions,
} as const satisfies Record<string, Options>;

type ReportArguments = InferredOptionTypes<typeof options> & { run: string };

/** `parfocal report RUN`. */
export const reportCommand: CommandModule<unknown, ReportArguments> = {
  command: "report <run>",
  describe:
    "Summarise a run of the agent, or a table that parfocal score wrote; as text, JSON or a page with maps",
  builder: (yargs) =>
    yargs
      .positional("run", {
        type: "string",
        demandOption: true,
        describe: `${RUN_ARGUMENT}, or a table of scores (.csv, .jsonl, .parquet)`,
      })
      .options(options)
      .check(({ reimage }) => checkReimage(reimage as string | undefined)),
  handler: async (argv) => {
    const { run, database, html, reimage, qc, omero, focusMap } = argv;
    await spareFiles(
      [html, reimage, qc, omero, focusMap],
      [run, ...(database === undefined ? [] : [database])],
    );
    const table = await scoreTableAt(argv.run);
    if (table === undefined) await reportRun(argv);
    else if (argv.focusMap === undefined && /^(?:\.csv)?$/i.test(extname(argv.reimage ?? "")))
      await reportTable(table, argv);
    else {
      const what = "is a table of scores, without x and y";
      throw new ResultsError(
        argv.run,
        `${what}: --focus-map needs the results of an agent, and so does a --reimage other than .csv`,
      );
    }
  },
};

async function reportRun(argv: ArgumentsCamelCase<ReportArguments>): Promise<void> {
  const { run, json, html, reimage } = argv;
  const { summariser, skipped } = await summarise(argv);
  const summary = summariser.summary();
  if (skipped > 0) say(`${skipped} lines could not be read and were skipped.`);
  if (html !== undefined) {
    const plates = new PlateSummary();
    for (const entry of summariser.sites()) plates.add(siteScores(entry));
    await writePage(
      html,
      plateReport(plates.plates(), { title: titleOf(summary, run), notScored: summary.unscored }),
    );
  }
  if (reimage !== undefined) {
    const { positions, unplaced } = await writeReimage(reimage, summariser.sites(), argv, argv.withBlank);
    const without = unplaced > 0 ? `; ${unplaced} have no x and y and are in a .csv only` : "";
    say(`Written: ${reimage}, ${positions} positions to image again${without}`);
  }
  if (wantsVerdicts(argv)) await writeVerdicts(argv, siteVerdicts(summariser.sites()));
  await writeFocusMap(argv, summariser.sites());
  if (json) print(`${JSON.stringify(summary, null, 2)}\n`);
  else print(`${runTitle(summary.runs)}\n\n${tables(summary)}\n`);
}

async function reportTable(table: ScoreTable, argv: ArgumentsCamelCase<ReportArguments>): Promise<void> {
  const { json, html } = argv;
  const summary = new PlateSummary();
  // Unlike the summary they need memory for every image.
  const verdicts = wantsVerdicts(argv) || argv.reimage !== undefined ? new ScoreVerdicts() : undefined;
  for await (const row of table.rows) {
    summary.add(row);
    verdicts?.add(row);
  }
  const notScored = (await readState(table.path))?.notScored ?? 0;
  const plates = summary.plates();
  if (html !== undefined) await writePage(html, plateReport(plates, { title: table.path, notScored }));
  if (verdicts !== undefined) await writeVerdicts(argv, verdicts.all());
  if (argv.reimage !== undefined && verdicts !== undefined) {
    const list = reimageScores(verdicts.all());
    await writeAtomically(argv.reimage, Buffer.from(reimageCsv(list)));
    say(`Written: ${argv.reimage}, ${list.length} sites to image again`);
  }
  if (json)
    print(`${JSON.stringify({ notScored, plates, wellsToLookAt: wellsToLookAt(plates) }, null, 2)}\n`);
  else print(`${plateTables(plates, notScored)}\n`);
}

async function writePage(path: string, page: string): Promise<void> {
  await writeAtomically(path, Buffer.from(page));
  say(`Written: ${path}`);
}

/** The page's title: of one run its name. */
function titleOf({ runs }: RunSummary, place: string): string {
  const [first, ...others] = runs;
  return first === undefined || others.length > 0 ? place : first.name;
}

/** @throws ResultsError naming what was looked for. */
async function summarise({
  run,
  session,
  ...place
}: ReportArguments): Promise<{ summariser: RunSummariser; skipped: number }> {
  const summariser = new RunSummariser();
  let skipped = 0;
  const { records } = await finishedRuns(run, place, session);
  for await (const record of records) {
    if (record === undefined) skipped++;
    else summariser.apply(record);
  }
  return { summariser, skipped };
}
