import { PLATE_FORMATS, type PlateFormat } from "../frames/wells.js";

/** A place on a plate, from 0. */
export interface WellPlace {
  readonly row: number;
  readonly column: number;
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
