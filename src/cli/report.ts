import type { CommandModule, InferredOptionTypes, Options } from "yargs";
import { ResultsError } from "../errors.js";
import { fileReason } from "../frames/file-reasons.js";
import { readRecords } from "../records/record-line.js";
import { RunSummariser, type RunSummary } from "../runs/run-summary.js";
import { recordsPath } from "../sinks/results-folder.js";
import { print, say } from "./print.js";
import { tables } from "./run-report.js";

const options = {
  session: { type: "string", describe: "Only this session; default: all in the file" },
  json: { type: "boolean", default: false, describe: "Print JSON instead of tables" },
} as const satisfies Record<string, Options>;

type ReportArguments = InferredOptionTypes<typeof options> & { run: string };

/** `parfocal report RUN`. */
export const reportCommand: CommandModule<unknown, ReportArguments> = {
  command: "report <run>",
  describe: "Summarise a run: sites recovered, given up and why, extra exposures, focus drive travel",
  builder: (yargs) =>
    yargs
      .positional("run", {
        type: "string",
        demandOption: true,
        describe: "Folder of the results, or its results.jsonl",
      })
      .options(options),
  handler: async ({ run, session, json }) => {
    const { summary, skipped } = await summarise(run, session);
    if (skipped > 0) say(`${skipped} lines could not be read and were skipped.`);
    if (json) print(`${JSON.stringify(summary, null, 2)}\n`);
    else print(`${tables(summary)}\n`);
  },
};

/**
 * Reads a run's records.
 * @throws ResultsError naming the file if there is none.
 */
async function summarise(
  run: string,
  session: string | undefined,
): Promise<{ summary: RunSummary; skipped: number }> {
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
  return { summary: summariser.summary(), skipped };
}
