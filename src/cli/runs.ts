import type { Argv, CommandModule, InferredOptionTypes, Options } from "yargs";
import { writeAtomically } from "../frames/write-atomically.js";
import type { ResultRecord } from "../records/record.js";
import { recordText } from "../records/record-line.js";
import { CSV_FORMATS, exportCsv } from "../runs/export-table.js";
import { runName } from "../runs/run-name.js";
import type { StatusCounts } from "../runs/run-snapshot.js";
import { RunSummariser } from "../runs/run-summary.js";
import { RunTable } from "../runs/run-table.js";
import { storePlace } from "../store/open-database.js";
import { namedFormat } from "./named-format.js";
import { print } from "./print.js";
import { runTitle, table, tables } from "./run-report.js";
import { spareFiles } from "./spared-files.js";
import { findRun, locate, type StorePlace, storeOptions, withStore } from "./store-options.js";

const listOptions = { json: { type: "boolean", default: false, describe: "Print JSON" } } as const;

const exportOptions = {
  format: {
    choices: ["csv", "json", "jsonl"] as const,
    describe:
      "csv: a table; json: the run as the page has it; jsonl: the records; default: what the name of --out ends in, else csv",
  },
  "csv-format": {
    choices: CSV_FORMATS,
    default: "parfocal" as const,
    describe: "Columns: of Parfocal, of the original's results, or of CellProfiler",
  },
  out: { type: "string", describe: "File; default: standard output" },
} as const satisfies Record<string, Options>;

const ENDINGS = { ".csv": "csv", ".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl" } as const;

/** `parfocal runs list|show|export`. */
export const runsCommand: CommandModule = {
  command: "runs",
  describe: "List, show and export the runs of the results store",
  builder: (yargs) =>
    yargs
      .command({
        command: "list",
        describe: "Runs, newest first",
        builder: (args: Argv) => args.options({ ...storeOptions, ...listOptions }),
        handler: (argv: StorePlace & InferredOptionTypes<typeof listOptions>) => list(argv, argv.json),
      })
      .command({
        command: "show <run>",
        describe: "What refocusing did in a run",
        builder: (args: Argv) => withRun(args).options({ ...storeOptions, ...listOptions }),
        handler: (argv: StorePlace & InferredOptionTypes<typeof listOptions> & { run: string }) =>
          show(argv, argv),
      })
      .command({
        command: "export <run>",
        describe: "A run as a file",
        builder: (args: Argv) => withRun(args).options({ ...storeOptions, ...exportOptions }),
        handler: (argv: StorePlace & InferredOptionTypes<typeof exportOptions> & { run: string }) =>
          exportRun(argv, argv),
      })
      .demandCommand(1, "Name what to do: list, show or export."),
  handler: () => undefined,
};

function withRun(args: Argv) {
  return args.positional("run", {
    type: "string",
    demandOption: true,
    describe: "Name or id of the run (runs list), or its beginning",
  });
}

async function list(place: StorePlace, asJson: boolean): Promise<void> {
  await withStore(await locate(place), async (store) => {
    const runs = await store.listRuns();
    if (asJson) {
      print(`${JSON.stringify(runs, null, 2)}\n`);
      return;
    }
    const header = ["run", "plates", "positions", "frames", "in focus", "flagged", "not judged", "id"];
    const rows = runs.map(({ plates, sites, frames, states, ...run }) => [
      ...[runName(run), plates.join(", ") || "-"],
      ...[sites, frames, states.sharp ?? 0, states.flagged ?? 0, notJudged(states)].map(String),
      run.id,
    ]);
    print(`${table([header, ...rows])}\n`);
  });
}

/** Sites that are neither in focus nor out of it, as far as is known. */
function notJudged(states: StatusCounts): number {
  const all = Object.values(states).reduce((sum, count) => sum + count, 0);
  return all - (states.sharp ?? 0) - (states.flagged ?? 0);
}

async function show(
  place: StorePlace,
  { run, json }: { readonly run: string; readonly json: boolean },
): Promise<void> {
  await withStore(await locate(place), async (store) => {
    const summariser = new RunSummariser();
    const { run: found, records } = await findRun(store, run);
    for (const record of records) summariser.apply(record);
    const summary = summariser.summary();
    print(json ? `${JSON.stringify(summary, null, 2)}\n` : `${runTitle([found])}\n\n${tables(summary)}\n`);
  });
}

async function exportRun(
  place: StorePlace,
  {
    run,
    format: given,
    csvFormat,
    out,
  }: InferredOptionTypes<typeof exportOptions> & {
    readonly run: string;
    readonly csvFormat?: (typeof CSV_FORMATS)[number];
  },
): Promise<void> {
  const format = given ?? namedFormat(out, ENDINGS) ?? "csv";
  const located = await locate(place);
  await spareFiles([out], [storePlace(located.url)]);
  await withStore(located, async (store) => {
    const { run: found, records } = await findRun(store, run);
    const text =
      format === "csv" ? exportCsv(csvFormat ?? "parfocal", records) : jsonOf(format, found.id, records);
    if (out === undefined) print(text);
    else await writeAtomically(out, Buffer.from(text));
  });
}

function jsonOf(format: "json" | "jsonl", run: string, records: readonly ResultRecord[]): string {
  if (format === "jsonl") return records.map((record) => `${recordText(record)}\n`).join("");
  const whole = new RunTable(run);
  for (const record of records) whole.apply(record);
  return `${JSON.stringify(whole.snapshot(), null, 2)}\n`;
}
