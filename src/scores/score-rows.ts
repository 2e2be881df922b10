import { stringify } from "csv-stringify/sync";
import { LEVELS } from "../focus/levels.js";
import type { FocusReport } from "../focus/report.js";
import type { FileFrame } from "../sources/file-sites.js";

/** One scored page; what is not known is an empty text. */
export type ScoreRow = Readonly<Record<string, string | number>>;

/** Columns of `parfocal score`, in order. */
export const COLUMNS = [
  "file",
  "page",
  /** What the file's name and its metadata say. */
  ...["plate", "well", "site", "channel", "time", "z"],
  "level",
  "expected_level",
  "aggregate_certainty",
  "mean_certainty",
  "max_certainty",
  "confidence",
  "condition",
  /** 1 where a page shows something unlike all that the model was trained on. */
  "unfamiliar",
  ...Array.from({ length: LEVELS }, (_, level) => `probability_${level}`),
] as const;

/** Columns whose cells are text, also where they look like numbers; all others hold numbers. */
export const TEXT_COLUMNS: ReadonlySet<string> = new Set([
  ...["file", "plate", "well", "site", "channel", "condition"],
]);

/** One column more where the optics are known: distance from focus, um, without its sign. */
const DEFOCUS_COLUMN = "defocus_um";

/** The columns of a table, in order; `more` are those behind the usual ones. */
export function columnsOf(withDefocus: boolean, more: readonly string[] = []): string[] {
  return [...COLUMNS, ...(withDefocus ? [DEFOCUS_COLUMN] : []), ...more];
}

/** One scored page as a row; numbers rounded to four digits behind the point. @param umPerLevel adds the defocus in um. */
export function scoreRow(
  file: string,
  page: number,
  { site, channel, timeIndex, zIndex }: FileFrame,
  report: FocusReport,
  umPerLevel?: number,
): Record<string, string | number> {
  const row: Record<string, string | number> = {
    file,
    page,
    plate: site.plate ?? "",
    well: site.well ?? "",
    // Its number within the well joins with other tables; else what it is called.
    site: site.index ?? site.name,
    channel: channel ?? "",
    time: timeIndex ?? "",
    z: zIndex ?? "",
    level: report.level,
    expected_level: rounded(report.expectedLevel),
    aggregate_certainty: rounded(report.aggregateCertainty),
    mean_certainty: rounded(report.meanCertainty),
    max_certainty: rounded(report.maxCertainty),
    confidence: rounded(report.confidence),
    condition: report.condition,
    unfamiliar: report.unfamiliar ? 1 : 0,
  };
  report.distribution.forEach((probability, level) => {
    row[`probability_${level}`] = rounded(probability);
  });
  if (umPerLevel !== undefined)
    row[DEFOCUS_COLUMN] = showsNothing(report) ? "" : rounded(umPerLevel * report.defocusLevels);
  return row;
}

/** Where nothing can be in focus or out of it, a level is a guess, and not a distance from anything. */
function showsNothing({ condition }: FocusReport): boolean {
  return condition === "blank" || condition === "unusable";
}

/** Text that tables are kept as, one row a line. */
export const FORMATS = ["csv", "jsonl"] as const;
export type Format = (typeof FORMATS)[number];

/** What stands before the first row. */
export function header(format: Format, columns: readonly string[]): string {
  return format === "csv" ? stringify([columns]) : "";
}

/** One row as text, with its line end. */
export function formatRow(format: Format, columns: readonly string[], row: ScoreRow): string {
  return format === "csv"
    ? stringify([columns.map((column) => row[column])], { escape_formulas: true })
    : `${JSON.stringify(row)}\n`;
}

function rounded(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
