import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ResultsError } from "../../src/errors.js";
import { openTable } from "../../src/scores/read-table.js";

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
});
