import { z } from "zod";
import { PathText } from "./path-text.js";

const DATABASE_URL = /^(postgres|postgresql|file):/;

/** Whether a word is the address of a database, rather than a path or the name of a run. */
export function isDatabaseUrl(word: string): boolean {
  return DATABASE_URL.test(word);
}

/** The results store. */
export const DatabaseConfig = z.strictObject({
  enabled: z.boolean().default(true).describe("Keep runs in a database, for the page and for parfocal runs."),
  url: PathText.regex(DATABASE_URL, 'must begin with "postgres://" or "file:"')
    .optional()
    .describe(
      "postgres://USER:PASSWORD@HOST/NAME, or file:PATH for SQLite. If unset: parfocal.db in results.folder.",
    ),
  batchMs: z
    .int()
    .min(1)
    .max(60_000)
    .default(200)
    .describe("Longest time that a record waits to be written with others, ms."),
  keepDays: z
    .number()
    .positive()
    .optional()
    .describe("Runs whose last record is older are deleted at the start, days. If unset: none is."),
});
