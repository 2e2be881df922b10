import { z } from "zod";

/**
 * What double quotes in YAML make of the backslashes of `"D:\new"`: line breaks, tabs and other things that no name has; or
 * the quotes, where `"D:\data"` in the environment is not YAML.
 */
const NOT_IN_NAMES = /[\p{Cc}\u2028\u2029]|^".*"$/u;

export const HOW_TO_WRITE_PATHS =
  "in double quotes a backslash begins an escape; write a path without quotes, in single quotes, or with /";

/** Name of a file or folder, or an address that holds one. */
export const PathText = z
  .string()
  .min(1)
  .refine((path) => !NOT_IN_NAMES.test(path), {
    error: `holds a line break, a tab, double quotes around it or the like, as no path does: ${HOW_TO_WRITE_PATHS}`,
    abort: true,
  });
