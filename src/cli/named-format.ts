import { extname } from "node:path";
import { UsageError } from "./check-arguments.js";

/** Endings by which programs open a table, or data, in one way alone. */
const DATA_ENDINGS = new Set([
  ".csv",
  ".tsv",
  ".json",
  ".jsonl",
  ".ndjson",
  ".parquet",
  ".feather",
  ".arrow",
]);

/**
 * The format that the name of a file asks for; undefined where its ending says nothing.
 * @param written the formats that there are, by ending. @throws UsageError where it promises another format.
 */
export function namedFormat<F extends string>(
  path: string | undefined,
  written: Readonly<Record<string, F>>,
): F | undefined {
  const ending = extname(path ?? "").toLowerCase();
  const format = Object.hasOwn(written, ending) ? written[ending] : undefined;
  if (format === undefined && DATA_ENDINGS.has(ending)) {
    const endings = [...new Set(Object.values(written))].map((name) => `.${name}`);
    const known = `${endings.slice(0, -1).join(", ")} or ${endings.at(-1)!}`;
    throw new UsageError(`${path}: ${ending} is not written; end its name in ${known}, or say --format`);
  }
  return format;
}
