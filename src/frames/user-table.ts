/**
 * Tables that people hand in, as their spreadsheets and editors save them: scores, manifests, focus maps.
 * @module
 */
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { pipeline, Readable } from "node:stream";
import { type Options, parse as parseStream } from "csv-parse";
import { parse } from "csv-parse/sync";
import { ConfigError, reasonOf } from "../errors.js";
import { decodedStream, decodedText, encodingOf } from "./table-text.js";

/** Separators of cells that spreadsheets write, by their language and by the format that is chosen. */
const SEPARATORS = [",", ";", "\t"] as const;

/** Enough of a file for its first lines. */
const HEAD_BYTES = 4096;

/** A row of a table with something in it. */
export interface TableRow {
  /** Its number in a spreadsheet: of the first row, 1. */
  readonly row: number;
  readonly cells: readonly string[];
}

/** A table with its header read. */
export interface UserTable<Rows> {
  /** Names in the header, without spaces around them; none of a table without rows. */
  readonly columns: readonly string[];
  readonly separator: string;
  /** Those behind the header; rows of empty cells are passed over. */
  readonly rows: Rows;
}

/** @throws Error saying why the text is no table. */
export function parseTable(text: string): UserTable<TableRow[]> {
  const layout = layoutOf(text);
  const rows = new FilledRows();
  const filled = recordsIn(text, layout).flatMap((cells) => rows.filled(cells) ?? []);
  return { columns: columnsIn(filled.shift()), separator: layout.separator, rows: filled };
}

/** The same of a table that a setting or a command names. @throws ConfigError naming the file and saying why it is no table. */
export function parseNamedTable(text: string, name: string): UserTable<TableRow[]> {
  try {
    return parseTable(text);
  } catch (cause) {
    throw new ConfigError(name, [reasonOf(cause)], { cause });
  }
}

/**
 * Opens the table in a file; memory holds a part of it at a time.
 * @throws Error saying why the file is no table, or of the file system; also from the rows.
 */
export async function openUserTable(
  path: string,
): Promise<UserTable<AsyncGenerator<TableRow, void, undefined>>> {
  const layout = layoutOf(decodedText(await headOf(path)));
  const encoding = await encodingOf(createReadStream(path));
  const bytes = createReadStream(path);
  const text = encoding === "utf-8" ? bytes : Readable.from(decodedStream(bytes, encoding));
  // What keeps the file from being read comes out with the records.
  const records = pipeline(text, parseStream(optionsFor(layout)), () => undefined);
  const rows = filledRows(records as AsyncIterable<string[]>);
  const header = await rows.next();
  const columns = columnsIn(header.done === true ? undefined : header.value);
  return { columns, separator: layout.separator, rows };
}

/** What is wrong with the number of cells in a row; undefined where each belongs to a column. */
export function misfitOf(cells: readonly string[], columns: readonly string[]): string | undefined {
  if (cells.length >= columns.length && isBlank(cells.slice(columns.length))) return undefined;
  return `${cells.length} cells where the header has ${columns.length}`;
}

/** A number as `Number` reads it: where commas do not separate cells, one sets off decimals. */
export function withPoint(number: string, separator: string): string {
  return separator === "," ? number : number.replace(",", ".");
}

/** Why a cell holds no number. */
export function noNumber(cell: string): string {
  const hint = /^\s*[-+]?\d*,\d+\s*$/.test(cell)
    ? ": in a table between commas, decimals are set off by a point"
    : "";
  return `"${cell}" is not a number${hint}`;
}

interface Layout {
  readonly separator: string;
  /** Whether the first line is for spreadsheets alone, which do not show it: "sep=;". */
  readonly saysSeparator: boolean;
}

/** What separates the cells: as the first line says, or the one that the first row has most of. */
function layoutOf(head: string): Layout {
  if (head.startsWith("PK\x03\x04"))
    throw new Error("it is an Excel workbook or another zip file: save it as CSV");
  const said = /^\uFEFF?"?sep=([^"\r\n])"?[;,\t]*\r?$/im.exec(head);
  if (said?.index === 0) return { separator: said[1]!, saysSeparator: true };
  const header = /^.*\S.*$/m.exec(head)?.[0].replace(/"[^"]*"/g, "") ?? "";
  const counts = SEPARATORS.map((separator) => header.split(separator).length);
  return { separator: SEPARATORS[counts.indexOf(Math.max(...counts))]!, saysSeparator: false };
}

function optionsFor({ separator, saysSeparator }: Layout): Options {
  return {
    bom: true,
    delimiter: separator,
    // A first line that somebody added may end otherwise than the rest.
    record_delimiter: ["\r\n", "\n", "\r"],
    relax_column_count: true,
    from_line: saysSeparator ? 2 : 1,
  };
}

function recordsIn(text: string, layout: Layout): string[][] {
  try {
    return parse(text, optionsFor(layout));
  } catch (cause) {
    throw new Error(`it is not a CSV table (${reasonOf(cause)})`, { cause });
  }
}

/** Counts rows, and passes over those with nothing in them. */
class FilledRows {
  #row = 0;

  filled(cells: readonly string[]): TableRow | undefined {
    this.#row++;
    return isBlank(cells) ? undefined : { row: this.#row, cells };
  }
}

async function* filledRows(
  records: AsyncIterable<readonly string[]>,
): AsyncGenerator<TableRow, void, undefined> {
  const rows = new FilledRows();
  for await (const cells of records) {
    const row = rows.filled(cells);
    if (row !== undefined) yield row;
  }
}

/** Cleared columns at the end have no names. */
function columnsIn(header: TableRow | undefined): string[] {
  const names = (header?.cells ?? []).map((name) => name.trim());
  return names.slice(0, names.findLastIndex((name) => name !== "") + 1);
}

function isBlank(cells: readonly string[]): boolean {
  return cells.every((cell) => cell.trim() === "");
}

async function headOf(path: string): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read({ buffer: Buffer.alloc(HEAD_BYTES), position: 0 });
    // Not within a character of UTF-8 or UTF-16.
    const end = bytesRead < HEAD_BYTES ? bytesRead : buffer.lastIndexOf(0x0a, bytesRead - 1) + 1 || bytesRead;
    return buffer.subarray(0, end - (bytesRead === HEAD_BYTES ? end % 2 : 0));
  } finally {
    await file.close();
  }
}
