import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ResultsError } from "../../src/errors.js";
import { openTable } from "../../src/scores/read-table.js";
import { COLUMNS, TEXT_COLUMNS } from "../../src/scores/score-rows.js";

describe("a table of scores", () => {
  test.each(["csv", "jsonl", "parquet"])("that is not there is named (%s)", async (ending) => {
    const path = join(tmpdir(), `parfocal-missing.${ending}`);

    await expect(openTable(path)).rejects.toThrow(
      new ResultsError(path, "cannot be read: no such file or folder"),
    );
  });

  test("that is a folder is named", async () => {
    const path = join(await mkdtemp(join(tmpdir(), "parfocal-table-")), "scores.csv");
    await mkdir(path);

    await expect(openTable(path)).rejects.toThrow(`${path}: cannot be read: this is a folder`);
  });

  test("in CSV has a header, so an empty file is none", async () => {
    const path = join(await mkdtemp(join(tmpdir(), "parfocal-table-")), "scores.csv");
    await writeFile(path, "");

    await expect(openTable(path)).rejects.toThrow(`${path}: is no table of scores: it is empty`);
  });

  test("in CSV without the columns of one is none", async () => {
    const path = join(await mkdtemp(join(tmpdir(), "parfocal-table-")), "scores.csv");
    await writeFile(path, "a,b\n1,2\n");

    await expect(openTable(path)).rejects.toThrow(`${path}: is no table of scores: there is no column file`);
  });

  test.each([
    ["semicolons and decimal commas, as a spreadsheet saves it in much of Europe", ";", ","],
    ["semicolons and decimal points", ";", "."],
    ["tabs", "\t", ","],
  ])("in CSV may have %s", async (_how, separator, point) => {
    const folder = await mkdtemp(join(tmpdir(), "parfocal-table-"));
    const [saved, again] = [join(folder, "scores.csv"), join(folder, "again.csv")];
    const values = COLUMNS.map((column, i) => (TEXT_COLUMNS.has(column) ? `A,${i}` : String(i + 0.25)));
    const quoted = (cells: readonly string[]) => cells.map((cell) => `"${cell}"`).join(",");
    await writeFile(saved, `${quoted(COLUMNS)}\n${quoted(values)}\n`);
    const cells = values.map((value, i) =>
      TEXT_COLUMNS.has(COLUMNS[i]!) ? value : value.replace(".", point),
    );
    await writeFile(again, `\ufeff${COLUMNS.join(separator)}\r\n${cells.join(separator)}\r\n`);

    const rows = await Promise.all([saved, again].map(async (path) => (await openTable(path)).rows.next()));

    expect(rows[1]!.value).toEqual(rows[0]!.value);
    expect(rows[1]!.value).toMatchObject({ file: "A,0", level: COLUMNS.indexOf("level") + 0.25 });
  });
});
