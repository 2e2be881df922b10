import { PLATE_FORMATS, type PlateFormat, parseWell, wellAt } from "../frames/wells.js";
import type { SiteRow } from "../records/rows.js";

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
