/**
 * The table that describes a folder of images: `manifest.csv`, one row an image.
 * @module
 */
import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { z } from "zod";
import { ConfigError } from "../errors.js";
import { fileReason } from "./file-reasons.js";
import { decodedText } from "./table-text.js";
import { misfitOf, noNumber, parseNamedTable, withPoint } from "./user-table.js";

const Text = z
  .string()
  .trim()
  .transform((text) => (text === "" ? undefined : text))
  .optional();

const NumberCell = z
  .string()
  .trim()
  .transform((text, context) => {
    if (text === "") return undefined;
    const value = Number(text);
    if (Number.isFinite(value)) return value;
    context.addIssue({ code: "custom", message: noNumber(text) });
    return z.NEVER;
  })
  .optional();

const PositiveCell = NumberCell.refine((value) => value === undefined || value > 0, "must be above 0");

const NUMBERS = {
  bit_depth: PositiveCell,
  min: NumberCell,
  max: NumberCell,
  height: PositiveCell,
  width: PositiveCell,
  pixel_um: PositiveCell,
  na: PositiveCell,
  refractive_index: PositiveCell,
  z_index: NumberCell,
  z_step_um: NumberCell,
  z_um: NumberCell,
  /** True level of defocus, 0 to 10. */
  level: NumberCell.refine((level) => level === undefined || (level >= 0 && level <= 10), "must be 0 to 10"),
};

/** One image, as its row in the file; a column that is missing or empty is undefined. Other columns are ignored. */
const ManifestCells = z
  .object({
    file: z.string().trim().min(1, "must name a file"),
    kind: Text,
    field_id: Text,
    stack_id: Text,
    source: Text,
    original_path: Text,
    licence: Text,
    sample: Text,
    stain: Text,
    modality: Text,
    ...NUMBERS,
    focus_label: Text,
    label_basis: Text,
    notes: Text,
  })
  .transform((cells) => ({
    file: cells.file,
    kind: cells.kind,
    fieldId: cells.field_id,
    stackId: cells.stack_id,
    source: cells.source,
    originalPath: cells.original_path,
    licence: cells.licence,
    sample: cells.sample,
    stain: cells.stain,
    modality: cells.modality,
    bitDepth: cells.bit_depth,
    min: cells.min,
    max: cells.max,
    height: cells.height,
    width: cells.width,
    pixelUm: cells.pixel_um,
    numericalAperture: cells.na,
    refractiveIndex: cells.refractive_index,
    zIndex: cells.z_index,
    zStepUm: cells.z_step_um,
    zUm: cells.z_um,
    level: cells.level,
    focusLabel: cells.focus_label,
    labelBasis: cells.label_basis,
    notes: cells.notes,
  }));

/** One image of a manifest. `file` is as written, `path` is where it is; missing values are undefined. */
export type ManifestRow = z.infer<typeof ManifestCells> & { readonly path: string };

/** Whether a path is that of a manifest, by its name. */
export function isManifest(path: string): boolean {
  return /\.[ct]sv$/i.test(path);
}

/** Whether somebody has found the image in or out of focus; other labels count for none. */
export function labelOf({ focusLabel }: Pick<ManifestRow, "focusLabel">): "in" | "out" | undefined {
  const label = focusLabel?.toLowerCase();
  if (label?.startsWith("in")) return "in";
  return label?.startsWith("out") ? "out" : undefined;
}

/**
 * Reads a manifest; files are relative to it. Whether they exist is for the reader of the images to find.
 * @throws ConfigError with all problems at once, each with its row as a spreadsheet numbers it.
 */
export async function readManifest(manifestPath: string): Promise<ManifestRow[]> {
  let text: string;
  try {
    text = decodedText(await readFile(manifestPath));
  } catch (cause) {
    throw new ConfigError(manifestPath, [fileReason(cause)], { cause });
  }
  return parseManifest(text, manifestPath);
}

/**
 * Reads the text of a manifest. Cells are separated by commas, semicolons or tabs; the case of column names does not matter; rows
 * of empty cells, as spreadsheets leave them at the end, are passed over.
 * @param manifestPath names it in errors, and is where its files are relative to.
 * @throws ConfigError as `readManifest` does.
 */
export function parseManifest(text: string, manifestPath: string): ManifestRow[] {
  const table = parseNamedTable(text, manifestPath);
  const columns = table.columns.map((name) => name.toLowerCase());
  if (columns.length === 0)
    throw new ConfigError(manifestPath, ["the manifest is empty; it needs a header row"]);
  if (!columns.includes("file")) {
    throw new ConfigError(manifestPath, [
      `there is no column "file"; the columns are: ${columns.join(", ")}`,
    ]);
  }
  const twice = columns.find(
    (name, i) => Object.hasOwn(ManifestCells.in.shape, name) && columns.indexOf(name) < i,
  );
  if (twice !== undefined) throw new ConfigError(manifestPath, [`the column "${twice}" is there twice`]);
  const problems: string[] = [];
  const rows: ManifestRow[] = [];
  for (const { row, cells: said } of table.rows) {
    const misfit = misfitOf(said, columns);
    if (misfit !== undefined) {
      problems.push(`row ${row}: ${misfit}`);
      continue;
    }
    const named = columns.map((name, i) => {
      const cell = said[i]!;
      return [name, Object.hasOwn(NUMBERS, name) ? withPoint(cell, table.separator) : cell];
    });
    const cells = ManifestCells.safeParse(Object.fromEntries(named));
    if (cells.success) {
      rows.push({ ...cells.data, path: resolve(dirname(manifestPath), cells.data.file) });
    } else {
      const issues = cells.error.issues.map(({ path, message }) => ({ column: path.join("."), message }));
      issues.sort((a, b) => columns.indexOf(a.column) - columns.indexOf(b.column));
      problems.push(...issues.map(({ column, message }) => `row ${row}, ${column}: ${message}`));
    }
  }
  if (problems.length > 0) throw new ConfigError(manifestPath, problems);
  return rows;
}
