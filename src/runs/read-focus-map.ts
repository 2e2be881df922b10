import { readFile } from "node:fs/promises";
import { ConfigError } from "../errors.js";
import { fileReason } from "../frames/file-reasons.js";
import { decodedText } from "../frames/table-text.js";
import { misfitOf, noNumber, parseNamedTable, withPoint } from "../frames/user-table.js";
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
 * @throws ConfigError naming the file and the row.
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
  const { columns, separator, rows } = parseNamedTable(text, name);
  const names = columns.map((column) => column.toLowerCase());
  const [x, y, z, sd] = (["x", "y", "z", "sd"] as const).map((key) =>
    names.find((column) => Object.hasOwn(COLUMNS[key], column)),
  );
  if (rows.length === 0 || x === undefined || y === undefined || z === undefined) {
    throw new ConfigError(name, ["a focus map has rows, and columns x_um, y_um and z_um (or x_mm, y_mm)"]);
  }
  return rows.map(({ row, cells }) => {
    const misfit = misfitOf(cells, columns);
    if (misfit !== undefined) throw new ConfigError(name, [`row ${row}: ${misfit}`]);
    const cell = (column: string) => cells[names.indexOf(column)]?.trim() ?? "";
    const labelled = (labels: readonly string[]) =>
      labels.map((label) => unescaped(cell(label))).find((label) => label !== "");
    const um = (key: keyof typeof COLUMNS, column: string) => {
      const number = Number(withPoint(cell(column), separator) || "none");
      if (!Number.isFinite(number)) {
        throw new ConfigError(name, [`row ${row}, ${column}: ${noNumber(cell(column))}`]);
      }
      return number * COLUMNS[key][column]!;
    };
    return {
      ...{ xUm: um("x", x), yUm: um("y", y), zUm: um("z", z), sdUm: sd === undefined ? 0 : um("sd", sd) },
      ...{ channel: labelled(CHANNELS), region: labelled(REGIONS) },
    };
  });
}
