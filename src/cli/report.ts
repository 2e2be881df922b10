import type { CommandModule, InferredOptionTypes, Options } from "yargs";
import { ResultsError } from "../errors.js";
import { fileReason } from "../frames/file-reasons.js";
import { writeAtomically } from "../frames/write-atomically.js";
import { readRecords } from "../records/record-line.js";
import { RunSummariser, type RunSummary } from "../runs/run-summary.js";
import { plateReport } from "../scores/plate-report.js";
import { PlateSummary, siteScores, wellsToLookAt } from "../scores/plate-scores.js";
import type { ScoreTable } from "../scores/read-table.js";
import { scoreTableAt } from "../scores/read-table.js";
import { readState } from "../scores/run-state.js";
import { recordsPath } from "../sinks/results-folder.js";
import { plateTables } from "./plate-tables.js";
import { print, say } from "./print.js";
import { tables } from "./run-report.js";

const options = {
  session: { type: "string", describe: "Only this session; default: all in the file" },
  json: { type: "boolean", default: false, describe: "Print JSON instead of tables" },
  html: {
    type: "string",
    describe: "Page to write, with a map of each plate; needs nothing else to be shown",
  },
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
        describe: "Folder of the results, its results.jsonl, or a table of scores (.csv, .jsonl, .parquet)",
      })
      .options(options),
  handler: async ({ run, session, json, html }) => {
    const table = await scoreTableAt(run);
    if (table !== undefined) await reportTable(table, { json, html });
    else await reportRun(run, session, { json, html });
  },
};

interface Wanted {
  readonly json: boolean;
  readonly html: string | undefined;
}

async function reportRun(run: string, session: string | undefined, { json, html }: Wanted): Promise<void> {
  const { summary, rows, skipped } = await summarise(run, session);
  if (skipped > 0) say(`${skipped} lines could not be read and were skipped.`);
  if (html !== undefined)
    await writePage(html, plateReport(rows.plates(), { title: run, notScored: summary.unscored }));
  if (json) print(`${JSON.stringify(summary, null, 2)}\n`);
  else print(`${tables(summary)}\n`);
}

async function reportTable(table: ScoreTable, { json, html }: Wanted): Promise<void> {
  const summary = new PlateSummary();
  for await (const row of table.rows) summary.add(row);
  const notScored = (await readState(table.path))?.notScored ?? 0;
  const plates = summary.plates();
  if (html !== undefined) await writePage(html, plateReport(plates, { title: table.path, notScored }));
  if (json)
    print(`${JSON.stringify({ notScored, plates, wellsToLookAt: wellsToLookAt(plates) }, null, 2)}\n`);
  else print(`${plateTables(plates, notScored)}\n`);
}

async function writePage(path: string, page: string): Promise<void> {
  await writeAtomically(path, Buffer.from(page));
  say(`Written: ${path}`);
}

/**
 * Reads a run's records.
 * @throws ResultsError naming the file if there is none.
 */
async function summarise(
  run: string,
  session: string | undefined,
): Promise<{ summary: RunSummary; rows: PlateSummary; skipped: number }> {
  const summariser = new RunSummariser();
  let skipped = 0;
  let path = run;
  try {
    path = await recordsPath(run);
    for await (const record of readRecords(path)) {
      if (record === undefined) skipped++;
      else if (session === undefined || record.session === session) summariser.apply(record);
    }
  } catch (cause) {
    throw new ResultsError(path, `${fileReason(cause)}; name the folder that the agent wrote`, { cause });
  }
  const rows = new PlateSummary();
  for (const entry of summariser.sites()) rows.add(siteScores(entry));
  return { summary: summariser.summary(), rows, skipped };
}
