import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ResultsError } from "../../src/errors.js";
import { openTable } from "../../src/scores/read-table.js";
import { COLUMNS, TEXT_COLUMNS } from "../../src/scores/score-rows.js";

async function all<Row>(rows: AsyncIterable<Row>): Promise<Row[]> {
  const read: Row[] = [];
  for await (const row of rows) read.push(row);
  return read;
}

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

  describe("as a spreadsheet saves it", () => {
    const values = COLUMNS.map((column) => (TEXT_COLUMNS.has(column) ? "Bär" : "0,5")).join(";");
    const table = `sep=;\r\n${COLUMNS.join(";")};;\r\n${";".repeat(COLUMNS.length)}\r\n${values};;\r\n${";".repeat(5)}\r\n`;
    const saved = async (bytes: Uint8Array) => {
      const path = join(await mkdtemp(join(tmpdir(), "parfocal-table-")), "scores.csv");
      await writeFile(path, bytes);
      return openTable(path);
    };

    test.each([
      ["UTF-8", Buffer.from(table)],
      ["UTF-8 with a byte order mark", Buffer.from(`\uFEFF${table}`)],
      ["UTF-16 with a byte order mark", Buffer.from(`\uFEFF${table}`, "utf16le")],
      ["big-endian UTF-16", Buffer.from(`\uFEFF${table}`, "utf16le").swap16()],
      ["Windows-1252", Buffer.from(table, "latin1")],
    ])("is read in %s, without rows and columns that were cleared", async (_, bytes) => {
      const { columns, rows } = await saved(bytes);
      const read = await all(rows);

      expect(columns).toEqual([...COLUMNS]);
      expect(read).toEqual([
        Object.fromEntries(COLUMNS.map((column) => [column, TEXT_COLUMNS.has(column) ? "Bär" : 0.5])),
      ]);
    });

    test("is Windows-1252 also where the first such letter comes late", async () => {
      const { rows } = await saved(Buffer.from(table.replace("Bär", "x".repeat(200_000)), "latin1"));

      expect(await all(rows)).toMatchObject([{ plate: "Bär" }]);
    });

    test("keeps what a person has written in a column of their own", async () => {
      const noted = `${COLUMNS.join(";")};Notiz;Rang\n${values};trüb, links;1,5\n`;
      const { rows } = await saved(Buffer.from(noted));

      expect(await all(rows)).toMatchObject([{ file: "Bär", level: 0.5, Notiz: "trüb, links", Rang: 1.5 }]);
    });

    test.each([
      ["a number that is none", "0,5;Bär", "high;Bär", '"high" is not a number'],
      ["too few cells", values, "a;b", `row 3: 4 cells where the header has ${COLUMNS.length}`],
    ])("names the row of %s", async (_, from, to, reason) => {
      const { rows } = await saved(Buffer.from(table.replace(from, to)));

      await expect(all(rows)).rejects.toThrow(reason);
    });
  });
});
