import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import type { SchemaElement } from "hyparquet";
import { fileWriter, ParquetWriter } from "hyparquet-writer";
import { OutputError } from "../errors.js";
import { fileReason } from "../frames/file-reasons.js";
import { type Format, formatRow, header, type ScoreRow, TEXT_COLUMNS } from "./score-rows.js";
import type { TableFormat } from "./table-format.js";

/** Rows that are held at a time. */
const ROWS_HELD = 20_000;

/** Columns of whole numbers. */
const WHOLE_COLUMNS = new Set(["page", "time", "z", "level"]);

/**
 * Writes a table so that nobody ever sees a part of it; a file of that name is replaced. Memory holds a part of the rows at a time.
 * @throws OutputError naming path and reason; what the rows throw.
 */
export async function writeTable(
  path: string,
  format: TableFormat,
  columns: readonly string[],
  rows: AsyncIterable<ScoreRow>,
): Promise<void> {
  const temporary = `${path}.tmp`;
  try {
    if (format === "parquet") await writeParquet(temporary, columns, rows);
    else await pipeline(textOf(format, columns, rows), createWriteStream(temporary));
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    if (!(cause instanceof Error && "code" in cause)) throw cause;
    throw new OutputError(path, `cannot be written: ${fileReason(cause)}`, { cause });
  }
}

async function* textOf(
  format: Format,
  columns: readonly string[],
  rows: AsyncIterable<ScoreRow>,
): AsyncGenerator<string, void, undefined> {
  yield header(format, columns);
  for await (const some of inGroups(rows)) {
    yield some.map((row) => formatRow(format, columns, row)).join("");
  }
}

async function writeParquet(
  path: string,
  columns: readonly string[],
  rows: AsyncIterable<ScoreRow>,
): Promise<void> {
  const schema: SchemaElement[] = [{ name: "root", num_children: columns.length }, ...columns.map(elementOf)];
  const writer = new ParquetWriter({ writer: fileWriter(path), schema });
  for await (const some of inGroups(rows)) {
    const columnData = columns.map((name) => ({ name, data: some.map((row) => cellOf(name, row[name])) }));
    await writer.write({ columnData, rowGroupSize: ROWS_HELD });
  }
  await writer.finish();
}

function elementOf(name: string): SchemaElement {
  const optional = { name, repetition_type: "OPTIONAL" } as const;
  if (TEXT_COLUMNS.has(name)) return { ...optional, type: "BYTE_ARRAY", converted_type: "UTF8" };
  return { ...optional, type: WHOLE_COLUMNS.has(name) ? "INT32" : "DOUBLE" };
}

/** What is not known has no value there. */
function cellOf(name: string, value: string | number | undefined): string | number | null {
  if (value === undefined || value === "") return null;
  return TEXT_COLUMNS.has(name) ? String(value) : value;
}

async function* inGroups(rows: AsyncIterable<ScoreRow>): AsyncGenerator<ScoreRow[], void, undefined> {
  let some: ScoreRow[] = [];
  for await (const row of rows) {
    if (some.push(row) < ROWS_HELD) continue;
    yield some;
    some = [];
  }
  if (some.length > 0) yield some;
}
