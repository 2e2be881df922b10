import { extname } from "node:path";
import type { Format } from "./score-rows.js";

/** What tables of scores are written as. */
export const TABLE_FORMATS = ["csv", "jsonl", "parquet"] as const;
export type TableFormat = (typeof TABLE_FORMATS)[number];

/** By the ending of a name. */
export const TABLE_ENDINGS: Readonly<Record<string, TableFormat>> = {
  ".csv": "csv",
  ".jsonl": "jsonl",
  ".ndjson": "jsonl",
  ".parquet": "parquet",
};

/** The format that a file's name says by its ending; undefined for other endings. */
export function formatOf(path: string): TableFormat | undefined {
  return TABLE_ENDINGS[extname(path).toLowerCase()];
}

/** What rows are kept as until a table is finished: the columns of a Parquet file are only written together. */
export function rowFormat(format: TableFormat): Format {
  return format === "parquet" ? "jsonl" : format;
}
