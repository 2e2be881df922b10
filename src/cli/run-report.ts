import { type NamedRun, runName } from "../runs/run-name.js";
import type { RunSummary, SiteToLookAt } from "../runs/run-summary.js";

/** Runs that are named above a table. */
const NAMED_RUNS = 8;

/** The runs that tables are about, a line each. */
export function runTitle(runs: readonly NamedRun[]): string {
  const lines = runs.slice(0, NAMED_RUNS).map((run) => `Run ${runName(run)} (${run.id})`);
  return [...lines, ...(runs.length > NAMED_RUNS ? [`and ${runs.length - NAMED_RUNS} more`] : [])].join("\n");
}

/** A run in tables, for people. */
export function tables(summary: RunSummary): string {
  const { sites, inFocus, recovered, givenUp, unknown, watched, medianGain } = summary;
  const sum = (counts: Readonly<Record<string, number>>) =>
    Object.values(counts).reduce((total, count) => total + count, 0);
  const blurred = recovered + sum(givenUp);
  const rows: [string, string][] = [
    ["sites (each channel and time point)", String(sites)],
    ["in focus at once", String(inFocus)],
    ["recovered", recoveredWords(recovered, blurred, summary.missing)],
    ...reasons("given up", givenUp),
    ...reasons("not judged", unknown),
    ...reasons("only watched", watched),
    ["levels gained, median of the recovered", medianGain === undefined ? "-" : medianGain.toFixed(1)],
    ["ended blurrier by its level", String(summary.blurrier)],
    ["extra exposures", `${summary.extraExposures} (${per(summary.extraExposures, sites)} a site)`],
    ["focus drive moved", `${summary.travelUm.toFixed(1)} um (${per(summary.travelUm, sites)} um a site)`],
    ["frames scored", String(summary.scored)],
    ["gated frames without a verdict in time", String(summary.unscored)],
  ];
  const parts = [table(rows)];
  if (summary.toLookAt.length > 0) {
    const header = ["site", "channel", "time", "level", "z um", "tried", "why", "status"];
    const hasTimes = summary.toLookAt.some(({ timeIndex }) => timeIndex > 0);
    parts.push("To look at:", table([header, ...summary.toLookAt.map((site) => lineOf(site, hasTimes))]));
  }
  return parts.join("\n\n");
}

/** A share only where nothing is missing: what nobody has seen may be blurred as well. */
function recoveredWords(recovered: number, blurred: number, missing: number): string {
  if (missing > 0) return `${recovered} of ${blurred} known to be blurred; ${missing} sites were not judged`;
  return blurred === 0 ? "0" : `${recovered} of ${blurred} blurred (${percent(recovered / blurred)})`;
}

function reasons(label: string, counts: Readonly<Record<string, number>>): [string, string][] {
  return Object.entries(counts)
    .sort(([, a], [, b]) => b - a)
    .map(([why, count]) => [`${label}: ${why}`, String(count)]);
}

function lineOf({ plate, site, channel, timeIndex, ...found }: SiteToLookAt, hasTimes: boolean): string[] {
  const { levelBefore, level, zUm, tried, status, why } = found;
  const one = (value: number | undefined) => (value === undefined ? "-" : value.toFixed(1));
  return [
    [plate, site].filter(Boolean).join(" "),
    channel || "-",
    hasTimes ? String(timeIndex) : "-",
    levelBefore === undefined ? "-" : `${one(levelBefore)} -> ${one(level)}`,
    one(zUm),
    tried.map(({ zUm: z, level: l }) => (z === undefined ? "" : `${one(z)}:`) + one(l)).join(" "),
    ...[why, status],
  ];
}

/** Columns of equal width. */
export function table(rows: readonly (readonly string[])[]): string {
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
