import { createReadStream } from "node:fs";
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, parquetSchema } from "hyparquet";
import { ResultsError } from "../errors.js";
import { fileReason } from "../frames/file-reasons.js";
import { misfitOf, noNumber, openUserTable, withPoint } from "../frames/user-table.js";
import { linesOf, MAX_LINE_BYTES } from "../records/json-lines.js";
import { unescaped } from "../spreadsheet-text.js";
import { COLUMNS, type ScoreRow, TEXT_COLUMNS } from "./score-rows.js";
import { formatOf, type TableFormat } from "./table-format.js";

const OWN_COLUMNS: ReadonlySet<string> = new Set(COLUMNS);

/** A table of scores that is read row by row. */
export interface ScoreTable {
  readonly path: string;
  /** In order; empty where a file of JSON lines holds no row. */
  readonly columns: readonly string[];
  readonly rows: AsyncGenerator<ScoreRow, void, undefined>;
}

/**
 * Opens a table that `parfocal score` wrote; memory holds a part of it at a time.
 * @param format what it is, where its name does not say so.
 * @throws ResultsError naming the file and what is wrong; also from the rows.
 */
export async function openTable(path: string, format = formatOf(path)): Promise<ScoreTable> {
  if (format === undefined) {
    throw new ResultsError(path, "is no table of scores: its name ends in none of .csv, .jsonl, .parquet");
  }
  const read = READERS[format];
  const rows = orResultsError(path, read(path));
  // Columns come first.
  const first = await rows.next();
  const columns = first.done === true ? [] : (first.value as readonly string[]);
  if (columns.length === 0 && format === "csv")
    throw new ResultsError(path, "is no table of scores: it is empty");
  if (columns.length > 0) {
    const missing = COLUMNS.filter((column) => !columns.includes(column));
    if (missing.length > 0)
      throw new ResultsError(path, `is no table of scores: there is no column ${missing[0]}`);
  }
  return { path, columns, rows: rows as AsyncGenerator<ScoreRow, void, undefined> };
}

/**
 * The table of scores at a path; undefined where something else is there, such as the results of an agent.
 * @throws ResultsError of a table that cannot be read.
 */
export async function scoreTableAt(path: string): Promise<ScoreTable | undefined> {
  const format = formatOf(path);
  if (format === undefined) return undefined;
  if (format !== "jsonl") return openTable(path);
  // An agent's records are JSON lines, too.
  const table = await openTable(path).catch(() => undefined);
  return table?.columns.length === 0 ? undefined : table;
}

/** The columns, then the rows. */
type Reading = AsyncGenerator<readonly string[] | ScoreRow, void, undefined>;

const READERS: Readonly<Record<TableFormat, (path: string) => Reading>> = {
  csv: readCsv,
  jsonl: readJsonLines,
  parquet: readParquet,
};

async function* readCsv(path: string): Reading {
  const { columns, separator, rows } = await openUserTable(path);
  yield columns;
  for await (const { row, cells } of rows) {
    const misfit = misfitOf(cells, columns);
    if (misfit !== undefined) throw new Error(`row ${row}: ${misfit}`);
    yield rowOf(
      columns.map((column, i) => {
        const cell = unescaped(cells[i]!);
        const number = withPoint(cell.trim(), separator);
        return [column, TEXT_COLUMNS.has(column) || !isNumber(number) ? cell : number] as const;
      }),
      `row ${row}, `,
    );
  }
}

async function* readJsonLines(path: string): Reading {
  let isFirst = true;
  for await (const lines of linesOf(createReadStream(path))) {
    for (const { text } of lines) {
      if (text === undefined) throw new Error(`a line is longer than ${MAX_LINE_BYTES} bytes`);
      if (text.trim() === "") continue;
      const cells = Object.entries(JSON.parse(text) as Record<string, unknown>);
      if (isFirst) yield cells.map(([column]) => column);
      isFirst = false;
      yield rowOf(cells);
    }
  }
}

async function* readParquet(path: string): Reading {
  const file = await asyncBufferFromFile(path);
  const metadata = await parquetMetadataAsync(file);
  yield parquetSchema(metadata).children.map(({ element }) => element.name);
  let rowStart = 0;
  for (const { num_rows } of metadata.row_groups) {
    const rowEnd = rowStart + Number(num_rows);
    for (const row of await parquetReadObjects({ file, metadata, rowStart, rowEnd })) {
      yield rowOf(Object.entries(row));
    }
    rowStart = rowEnd;
  }
}

/**
 * Cells as `scoreRow` gives them, whatever they were kept as; a column that somebody has added holds what it likes.
 * @param place of the row, for the error. @throws Error where one of ours is to hold a number and does not.
 */
function rowOf(cells: readonly (readonly [string, unknown])[], place = ""): ScoreRow {
  return Object.fromEntries(
    cells.map(([column, value]) => {
      if (value === null || value === undefined || value === "") return [column, ""];
      const isText = TEXT_COLUMNS.has(column) && !(column === "site" && isWholeNumber(value));
      if (!isText && isNumber(value)) return [column, Number(value)];
      if (!isText && OWN_COLUMNS.has(column))
        throw new Error(`${place}${column}: ${noNumber(String(value))}`);
      return [column, String(value)];
    }),
  );
}

function isNumber(value: unknown): boolean {
  return String(value) === "NaN" || !Number.isNaN(Number(value));
}

/** The site's number in its well; what else is it called. */
function isWholeNumber(value: unknown): boolean {
  return /^(?:0|[1-9]\d{0,8})$/.test(String(value));
}

async function* orResultsError(path: string, reading: Reading): Reading {
  try {
    yield* reading;
  } catch (cause) {
    throw new ResultsError(path, `cannot be read: ${fileReason(cause)}`, { cause });
  }
}
