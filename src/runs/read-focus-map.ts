import { readFile } from "node:fs/promises";
import { parse } from "csv-parse/sync";
import { ConfigError, reasonOf } from "../errors.js";
import { fileReason } from "../frames/file-reasons.js";
import { decodedText, separatorOf } from "../frames/table-text.js";
import type { MapPoint } from "../refocus/known-focus.js";
import { unescaped } from "../spreadsheet-text.js";

/** How the columns of focus maps are called, and how many um their numbers count. */
const COLUMNS: Readonly<Record<"x" | "y" | "z" | "sd", Readonly<Record<string, number>>>> = {
  x: { x_um: 1, x_mm: 1000, x: 1 },
  y: { y_um: 1, y_mm: 1000, y: 1 },
  z: { z_um: 1, z_mm: 1000, z: 1 },
  sd: { sd_um: 1 },
};
const CHANNELS = ["channel"];
const REGIONS = ["region", "region_id", "well"];

/**
 * Reads a focus map: a table with a header, separated by commas, semicolons or tabs. x, y and z are in um (`x_um`, `x`) or mm (`x_mm`);
 * `channel`, `region` (also `region_id`, `well`) and `sd_um` may be missing. All that `parfocal report --focus-map` writes is read.
 * @throws ConfigError naming the file and the line.
 */
export async function readFocusMap(path: string): Promise<MapPoint[]> {
  let text: string;
  try {
    text = decodedText(await readFile(path));
  } catch (cause) {
    throw new ConfigError(path, [`the focus map cannot be read: ${fileReason(cause)}`], { cause });
  }
  return parseFocusMap(text, path);
}

/** @param name of the file, for errors. @throws as `readFocusMap`. */
export function parseFocusMap(text: string, name: string): MapPoint[] {
  const rows = rowsOf(text, name);
  const columns = Object.keys(rows[0] ?? {});
  const [x, y, z, sd] = (["x", "y", "z", "sd"] as const).map((key) =>
    columns.find((column) => Object.hasOwn(COLUMNS[key], column)),
  );
  if (x === undefined || y === undefined || z === undefined) {
    throw new ConfigError(name, ["a focus map has rows, and columns x_um, y_um and z_um (or x_mm, y_mm)"]);
  }
  const labelled = (names: readonly string[], row: Row) =>
    names.map((label) => unescaped(row[label]?.trim() ?? "")).find((label) => label !== "");
  return rows.map((row, i) => {
    const um = (key: keyof typeof COLUMNS, column: string) => {
      const number = Number(row[column]?.trim() || "none");
      // The header is line 1.
      if (!Number.isFinite(number)) throw new ConfigError(name, [`line ${i + 2}: ${column} is no number`]);
      return number * COLUMNS[key][column]!;
    };
    return {
      ...{ xUm: um("x", x), yUm: um("y", y), zUm: um("z", z), sdUm: sd === undefined ? 0 : um("sd", sd) },
      ...{ channel: labelled(CHANNELS, row), region: labelled(REGIONS, row) },
    };
  });
}

type Row = Readonly<Record<string, string>>;

function rowsOf(text: string, name: string): Row[] {
  try {
    return parse(text, {
      ...{ bom: true, delimiter: separatorOf(text), skip_empty_lines: true, trim: true },
      columns: (names: string[]) => names.map((column) => column.trim().toLowerCase()),
    }) as Row[];
  } catch (cause) {
    throw new ConfigError(name, [`this is no table: ${reasonOf(cause)}`], { cause });
  }
}
