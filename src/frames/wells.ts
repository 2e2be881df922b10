/** Rows and columns of the largest plate, 1536 wells. */
const MAX_ROWS = 32;
const MAX_COLUMNS = 48;

/** Rows and columns of the plates that screens use. */
export const PLATE_FORMATS = [
  { wells: 6, rows: 2, columns: 3 },
  { wells: 12, rows: 3, columns: 4 },
  { wells: 24, rows: 4, columns: 6 },
  { wells: 48, rows: 6, columns: 8 },
  { wells: 96, rows: 8, columns: 12 },
  { wells: 384, rows: 16, columns: 24 },
  { wells: MAX_ROWS * MAX_COLUMNS, rows: MAX_ROWS, columns: MAX_COLUMNS },
] as const;

export type PlateFormat = (typeof PLATE_FORMATS)[number];

/** The format of so many wells, if plates have it. */
export function plateFormat(wells: number | undefined): PlateFormat | undefined {
  return PLATE_FORMATS.find((format) => format.wells === wells);
}

/** A well of a plate. */
export interface Well {
  /** Row letters and column of two digits: "A01", "AF48". */
  readonly name: string;
  /** From 0: row A. */
  readonly row: number;
  /** From 0: column 1. */
  readonly column: number;
  /** Number of the site within the well as the label has it; Micro-Manager counts from 0. */
  readonly site?: number;
}

/**
 * Reads a well as people and programs write it ("A1", "a01", "AF48") or a stage label of Micro-Manager's
 * HCS plug-in ("A1-Site_0"). Gives undefined for anything else, and for wells beyond a 1536-well plate.
 */
export function parseWell(text: string): Well | undefined {
  const match = /^([a-z]{1,2})0{0,2}([1-9]\d?)(?:-site_(\d{1,9}))?$/i.exec(text.trim());
  if (match === null) return undefined;
  const [, letters, digits, site] = match;
  const well = wellAt(rowOf(letters!.toUpperCase()), Number(digits) - 1);
  if (well === undefined || site === undefined) return well;
  return { ...well, site: Number(site) };
}

/** What says in which well a site lies. */
export interface SiteOnPlate {
  readonly name: string;
  readonly well?: string | undefined;
  /** From 0. */
  readonly row?: number | undefined;
  readonly column?: number | undefined;
}

/** Names of sites that say their well, as plans of Micro-Manager and useq, and people, write them: "A1-Site_0", "A1_0003", "B02_s1". */
const NAME_WITH_WELL =
  /^(?<well>[A-Z]{1,2}\d{1,3})(?:[-_ ](?:(?:[Ss]|[Ff]|[Ss]ite|[Ff]ield|[Ff][Oo][Vv]|[Pp]os)[-_ ]?)?(?<site>\d{1,9}))?$/;

/** Rows of a 384-well plate. A name with a later letter and no site, as "S1", is more often a position than one of 1536 wells. */
const ROWS_BY_NAME = 16;

/**
 * In which well a site lies: as its controller or its metadata say, by row and column or else by the well's name; where they
 * say nothing, as its own name does, in capitals: "p1" is a position.
 */
export function wellOf({ name, well: told, row, column }: SiteOnPlate): Well | undefined {
  if (row !== undefined && column !== undefined) return wellAt(row, column);
  if (told !== undefined) return parseWell(told);
  const { well = "", site } = NAME_WITH_WELL.exec(name.trim())?.groups ?? {};
  const named = parseWell(well);
  if (named === undefined) return undefined;
  if (site !== undefined) return { ...named, site: Number(site) };
  return named.row < ROWS_BY_NAME ? named : undefined;
}

/** The name of a site's well in the one spelling; what its controller calls it where that names none. */
export function wellNameOf(site: SiteOnPlate): string | undefined {
  return wellOf(site)?.name ?? site.well;
}

/** The well at a row and column counted from 0, or undefined where a 1536-well plate has none. */
export function wellAt(row: number, column: number): Well | undefined {
  if (!isIndex(row, MAX_ROWS) || !isIndex(column, MAX_COLUMNS)) return undefined;
  return { name: formatWell(row, column), row, column };
}

/**
 * Name of a well, both counted from 0, spelt as CellProfiler and the instruments do: (0, 0) is "A01", (31, 47) is "AF48".
 * @throws RangeError beyond a 1536-well plate.
 */
export function formatWell(row: number, column: number): string {
  if (!isIndex(row, MAX_ROWS) || !isIndex(column, MAX_COLUMNS)) {
    throw new RangeError(
      `row ${row}, column ${column} is not on a plate of ${MAX_ROWS} x ${MAX_COLUMNS} wells`,
    );
  }
  return `${formatRow(row)}${String(column + 1).padStart(2, "0")}`;
}

/** Letters of a row counted from 0: A, B, ... AF. */
export function formatRow(row: number): string {
  return `${row < 26 ? "" : "A"}${String.fromCharCode(65 + (row % 26))}`;
}

/** The one spelling of a well's name, whoever wrote it; text that names no well stays as it is. */
export function wellSpelling(text: string): string {
  const well = parseWell(text);
  return well === undefined || well.site !== undefined ? text : well.name;
}

/** Letters to a row from 0: A to Z, then AA, AB, ... */
function rowOf(letters: string): number {
  const [first, second] = [...letters].map((letter) => letter.charCodeAt(0) - 65);
  return second === undefined ? first! : (first! + 1) * 26 + second;
}

function isIndex(value: number, limit: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < limit;
}
