import type { CommandModule, InferredOptionTypes, Options } from "yargs";
import { mergeTables } from "../scores/merge-tables.js";
import { writeState } from "../scores/run-state.js";
import { formatOf } from "../scores/table-format.js";
import { writeTable } from "../scores/write-table.js";
import { UsageError } from "./check-arguments.js";
import { say } from "./print.js";
import { spareFiles } from "./spared-files.js";

const options = {
  out: { type: "string", demandOption: true, describe: "Table to write: .csv, .jsonl or .parquet" },
} as const satisfies Record<string, Options>;

type MergeArguments = InferredOptionTypes<typeof options> & { tables: string[] };

/** `parfocal merge TABLES --out FILE`. */
export const mergeCommand: CommandModule<unknown, MergeArguments> = {
  command: "merge <tables..>",
  describe: "Merge the tables that parfocal score --shard wrote into one, or write a table in another format",
  builder: (yargs) =>
    yargs
      .positional("tables", {
        type: "string",
        array: true,
        demandOption: true,
        describe: "Tables of scores (.csv, .jsonl, .parquet), each finished",
      })
      .options(options)
      .check(({ out }) => {
        if (formatOf(out as string) !== undefined) return true;
        throw new UsageError(`--out must end in .csv, .jsonl or .parquet, got ${out as string}`);
      }),
  handler: async ({ tables, out }) => {
    await spareFiles([out]);
    const { columns, rows, notScored } = await mergeTables(tables);
    let [files, pages, last] = [0, 0, ""];
    const counted = async function* () {
      for await (const row of rows) {
        pages++;
        if (row.file !== last) files++;
        last = String(row.file);
        yield row;
      }
    };
    await writeTable(out, formatOf(out)!, columns, counted());
    await writeState(out, { settings: {}, files, pages, notScored, bytes: 0, finished: true });
    say(`${out}: ${pages} pages of ${files} files`);
  },
};
