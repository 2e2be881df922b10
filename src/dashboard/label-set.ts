import { readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { stringify } from "csv-stringify/sync";
import { errorCode } from "../frames/file-reasons.js";
import { makeFolder } from "../frames/make-folder.js";
import { decodedText } from "../frames/table-text.js";
import { parseTable, withPoint } from "../frames/user-table.js";
import { writeAtomically } from "../frames/write-atomically.js";
import type { FrameMessage, Mark } from "../protocol/messages.js";
import { noFormula } from "../spreadsheet-text.js";

const COLUMNS = [
  "file",
  "kind",
  "field_id",
  "focus_label",
  "label_basis",
  "stain",
  "pixel_um",
  "z_um",
  "notes",
] as const;

type Row = Record<(typeof COLUMNS)[number], string>;

/** Columns of numbers. */
const NUMBERS: ReadonlySet<string> = new Set(["pixel_um", "z_um"]);

/** Where labelled frames are saved and listed: images and their manifest.csv, as `parfocal train` and `evaluate` read. */
export class LabelSet {
  readonly folder: string;
  #writing: Promise<void> = Promise.resolve();

  constructor(folder: string) {
    this.folder = folder;
  }

  /**
   * Lists a frame; the last mark of an image counts.
   * @param image path of its file.
   * @throws OutputError, ConfigError of a manifest that cannot be read.
   */
  add(
    image: string,
    frame: Pick<FrameMessage, "id" | "session" | "site" | "channel" | "pixelUm" | "zUm">,
    mark: Mark,
  ) {
    const { id, session, site, channel = "", pixelUm, zUm } = frame;
    const row: Row = {
      file: pathText(relative(this.folder, image)),
      kind: mark === "fine" ? "infocus" : "labelled",
      // All channels and times of a site show the same cells: they must not be split between training and held out.
      field_id: noFormula([session, site.plate, site.name].filter(Boolean).join("/")),
      focus_label: mark === "fine" ? "in" : "out",
      label_basis: "by eye, dashboard",
      stain: noFormula(channel),
      pixel_um: pixelUm?.toString() ?? "",
      z_um: zUm?.toString() ?? "",
      notes: noFormula(id),
    };
    // One after the other: each rewrites the table.
    this.#writing = this.#writing.catch(() => undefined).then(() => this.#put(row));
    return this.#writing;
  }

  async #put(row: Row): Promise<void> {
    const path = join(this.folder, "manifest.csv");
    await makeFolder(dirname(path));
    const others = (await this.#rows(path)).filter(({ file }) => file !== row.file);
    // Columns that people have added stay.
    const columns = [...new Set([...COLUMNS, ...others.flatMap((other) => Object.keys(other))])];
    const csv = stringify([...others, row], { header: true, columns });
    await writeAtomically(path, Buffer.from(csv));
  }

  /** As a spreadsheet may have saved them since. */
  async #rows(path: string): Promise<Record<string, string>[]> {
    try {
      const { columns, separator, rows } = parseTable(decodedText(await readFile(path)));
      const names = columns.map((column) => column.toLowerCase());
      return rows.map(({ cells }) =>
        Object.fromEntries(
          names.map((name, i) => {
            const cell = cells[i] ?? "";
            return [name, NUMBERS.has(name) ? withPoint(cell, separator) : cell];
          }),
        ),
      );
    } catch (error) {
      if (errorCode(error) === "ENOENT") return [];
      throw error;
    }
  }
}

/** A path that a spreadsheet takes for text, and that stays one. */
function pathText(path: string): string {
  return noFormula(path) === path ? path : `./${path}`;
}
