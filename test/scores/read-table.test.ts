import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openTable } from "../../src/scores/read-table.js";

describe("openTable", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "parfocal-read-table-"));
    await writeFile(join(folder, "empty.csv"), "");
    await writeFile(join(folder, "other.csv"), "a,b\n1,2\n");
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.each([
    ["none.csv", "cannot be read: no such file or folder"],
    ["none.parquet", "cannot be read: no such file or folder"],
    ["empty.csv", "is no table of scores: it is empty"],
    ["other.csv", "is no table of scores: there is no column file"],
  ])("says of %s that it %s", async (name, reason) => {
    const path = join(folder, name);
    await expect(openTable(path)).rejects.toThrow(`${path}: ${reason}`);
  });
});
