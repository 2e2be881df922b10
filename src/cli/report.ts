import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { CommandModule, InferredOptionTypes, Options } from "yargs";
import { ResultsError } from "../errors.js";
import { fileReason } from "../frames/file-reasons.js";
import type { OutcomeMessage } from "../protocol/messages.js";
import { readRecords } from "../sinks/record-line.js";
import { RunSummariser, type RunSummary } from "../sinks/run-summary.js";
import { say } from "./progress.js";

const options = {
  session: { type: "string", describe: "Only this session; default: all in the file" },
  json: { type: "boolean", default: false, describe: "Print JSON instead of tables" },
} as const satisfies Record<string, Options>;

type ReportArguments = InferredOptionTypes<typeof options> & { run: string };

/** `parfocal report RUN`. */
export const reportCommand: CommandModule<unknown, ReportArguments> = {
  command: "report <run>",
  describe: "Say what refocusing did in a run: recovered, given up and why, exposures, microns moved",
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
    if (skipped > 0) say(`${skipped} lines could not be read and are left out.`);
    if (json) process.stdout.write(`${JSON.stringify(summary, null, 2)}\n`);
    else process.stdout.write(`${tables(summary)}\n`);
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
    if ((await stat(run)).isDirectory()) path = join(run, "results.jsonl");
    for await (const record of readRecords(path)) {
      if (record === undefined) skipped++;
      else if (session === undefined || record.session === session) summariser.apply(record);
    }
  } catch (cause) {
    throw new ResultsError(path, `${fileReason(cause)}; name the folder that the agent wrote`, { cause });
  }
  return { summary: summariser.summary(), skipped };
}

function tables(summary: RunSummary): string {
  const { sites, inFocus, recovered, givenUp, unknown, medianGain } = summary;
  const sum = (counts: Readonly<Record<string, number>>) =>
    Object.values(counts).reduce((total, count) => total + count, 0);
  const blurred = recovered + sum(givenUp);
  const rows: [string, string][] = [
    ["sites (each channel and time point)", String(sites)],
    ["in focus at once", String(inFocus)],
    [
      "recovered",
      blurred === 0 ? "0" : `${recovered} of ${blurred} blurred (${percent(recovered / blurred)})`,
    ],
    ...reasons("given up", givenUp),
    ...reasons("not judged", unknown),
    ["levels gained, median of the recovered", medianGain === undefined ? "-" : medianGain.toFixed(1)],
    ["ended blurrier by its level", String(summary.blurrier)],
    ["extra exposures", `${summary.extraExposures} (${per(summary.extraExposures, sites)} a site)`],
    ["focus drive moved", `${summary.travelUm.toFixed(1)} um (${per(summary.travelUm, sites)} um a site)`],
    ["frames scored", String(summary.scored)],
    ["gated frames without a verdict in time", String(summary.unscored)],
  ];
  const parts = [table(rows)];
  if (summary.toLookAt.length > 0) {
    const header = ["site", "channel", "time", "level", "z um", "tried", "why"];
    parts.push("To look at:", table([header, ...summary.toLookAt.map(lineOf)]));
  }
  return parts.join("\n\n");
}

function reasons(label: string, counts: Readonly<Record<string, number>>): [string, string][] {
  return Object.entries(counts)
    .sort(([, a], [, b]) => b - a)
    .map(([why, count]) => [`${label}: ${why}`, String(count)]);
}

function lineOf(outcome: OutcomeMessage): string[] {
  const { site, channel, timeIndex, levelBefore, levelAfter, zAfterUm, tried, why } = outcome;
  return [
    [site.plate, site.name].filter(Boolean).join(" "),
    channel ?? "-",
    String(timeIndex ?? "-"),
    `${levelBefore.toFixed(1)} -> ${levelAfter.toFixed(1)}`,
    zAfterUm === undefined ? "-" : zAfterUm.toFixed(1),
    tried
      .map(({ zUm, level }) => (zUm === undefined ? "" : `${zUm.toFixed(1)}:`) + level.toFixed(1))
      .join(" "),
    why,
  ];
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column]!)).join("  ")}`.trimEnd())
    .join("\n");
}

function percent(fraction: number): string {
  return `${(100 * fraction).toFixed(1)} %`;
}

function per(total: number, sites: number): string {
  return sites === 0 ? "0" : (total / sites).toFixed(2);
}
