import { formatWell, parseWell, wellAt } from "../frames/wells.js";
import type { SiteRow } from "../records/rows.js";

/** Rows and columns of the plates that screens use. */
export const PLATE_FORMATS = [
  { wells: 6, rows: 2, columns: 3 },
  { wells: 12, rows: 3, columns: 4 },
  { wells: 24, rows: 4, columns: 6 },
  { wells: 48, rows: 6, columns: 8 },
  { wells: 96, rows: 8, columns: 12 },
  { wells: 384, rows: 16, columns: 24 },
  { wells: 1536, rows: 32, columns: 48 },
] as const;

export type PlateFormat = (typeof PLATE_FORMATS)[number];

/** A place on a plate, from 0. */
export interface WellPlace {
  readonly row: number;
  readonly column: number;
}

/** Where a site's well lies: as the controller says, else by the name of the well or of the site. */
export function wellOf(site: SiteRow): WellPlace | undefined {
  if (site.row !== undefined && site.column !== undefined) return wellAt(site.row, site.column);
  return parseWell(site.well ?? site.name);
}

/** The smallest plate that has all of these wells; undefined if there are none. */
export function formatFor(places: Iterable<WellPlace>): PlateFormat | undefined {
  let [rows, columns] = [0, 0];
  for (const { row, column } of places) {
    rows = Math.max(rows, row + 1);
    columns = Math.max(columns, column + 1);
  }
  if (rows === 0) return undefined;
  return PLATE_FORMATS.find((format) => format.rows >= rows && format.columns >= columns);
}

/** Letters of a row: A, B, ... AF. */
export function rowName(row: number): string {
  return formatWell(row, 0).slice(0, -1);
}

/** A well's name as CellProfiler and people in a hurry read it: "A01". */
export function paddedWell({ row, column }: WellPlace): string {
  return `${rowName(row)}${String(column + 1).padStart(2, "0")}`;
}
