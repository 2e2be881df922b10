import { execFileSync } from "node:child_process";
import { appendFile, readFile, stat, truncate } from "node:fs/promises";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { GrowingTable, type GrowingTableOptions } from "../../src/scores/growing-table.js";
import { openTable } from "../../src/scores/read-table.js";
import { COLUMNS, formatRow } from "../../src/scores/score-rows.js";
import { temporaryFolder } from "../helpers/models.js";

function rowOf(file: string, page = 0): Record<string, string | number> {
  return { ...Object.fromEntries(COLUMNS.map((column) => [column, ""])), file, page, level: 3 };
}

async function optionsIn(
  folder: string,
  more: Partial<GrowingTableOptions> = {},
): Promise<GrowingTableOptions> {
  let ms = 0;
  return {
    path: join(folder, "scores.csv"),
    ...{ format: "csv", columns: COLUMNS, settings: { model: "a" }, resume: true },
    // Each look at the clock is a checkpoint later.
    now: () => (ms += 2000),
    ...more,
  };
}

async function addFile(table: GrowingTable, file: string, pages = 1): Promise<void> {
  for (let page = 0; page < pages; page++) await table.append(formatRow("csv", COLUMNS, rowOf(file, page)));
  await table.fileDone(file, pages, 0);
}

async function filesOf(path: string): Promise<unknown[]> {
  const files = [];
  for await (const row of (await openTable(path)).rows) files.push(row.file);
  return files;
}

describe("GrowingTable", () => {
  it("appears when it is finished, and not before", async () => {
    const options = await optionsIn(await temporaryFolder());
    const table = await GrowingTable.open(options);
    await addFile(table, "a.tif", 2);
    await expect(stat(options.path)).rejects.toThrow("ENOENT");
    await table.finish();

    expect(await filesOf(options.path)).toEqual(["a.tif", "a.tif"]);
    await expect(stat(`${options.path}.part`)).rejects.toThrow("ENOENT");
  });

  it("is written by one process at a time", async () => {
    const options = await optionsIn(await temporaryFolder());
    const first = await GrowingTable.open(options);
    const program = `
      import { GrowingTable } from ${JSON.stringify(join(import.meta.dirname, "../../src/scores/growing-table.ts"))};
      await GrowingTable.open(${JSON.stringify({ ...options, now: undefined })}).catch((error) => console.log(error.message));
    `.replace(`"resume":true`, `"resume":true,"now":() => 0`);
    const second = () =>
      execFileSync(process.execPath, ["--import", "tsx", "--input-type=module", "-e", program], {
        encoding: "utf8",
      });
    expect(second()).toContain(`${options.path}: another parfocal score is writing it`);
    await addFile(first, "a.tif");
    await first.finish();
    expect(second()).toBe("");
    expect(await filesOf(options.path)).toEqual(["a.tif"]);
  });

  it("goes on behind the last file that was whole, whatever was written after it", async () => {
    const options = await optionsIn(await temporaryFolder());
    const first = await GrowingTable.open(options);
    await addFile(first, "a.tif");
    await addFile(first, "b.tif");
    await first.leave();
    await appendFile(`${options.path}.part`, "c.tif,0,,,cut in the mid");
    const second = await GrowingTable.open(options);

    expect(second.done).toMatchObject({ files: 2, pages: 2 });
    expect(["a.tif", "b.tif", "c.tif"].map((file) => second.isDone(file))).toEqual([true, true, false]);
    expect(second.isDone(resolve("b.tif"))).toBe(true);
    await addFile(second, "c.tif");
    await second.finish();
    expect(await filesOf(options.path)).toEqual(["a.tif", "b.tif", "c.tif"]);
  });

  it("is put in its place by the next run where the last one ended just before", async () => {
    const options = await optionsIn(await temporaryFolder());
    const first = await GrowingTable.open(options);
    await addFile(first, "a.tif");
    await first.leave();
    const state = JSON.parse(await readFile(`${options.path}.run.json`, "utf8")) as object;
    const { writeFile } = await import("node:fs/promises");
    await writeFile(`${options.path}.run.json`, JSON.stringify({ ...state, finished: true }));
    const second = await GrowingTable.open(options);

    expect(second.isDone("z.tif")).toBe(true);
    await second.finish();
    expect(await filesOf(options.path)).toEqual(["a.tif"]);
  });

  it("refuses to go on with other settings, and with less than was written; begins anew where it is told to", async () => {
    const options = await optionsIn(await temporaryFolder());
    const first = await GrowingTable.open(options);
    await addFile(first, "a.tif");
    await first.leave();

    const other = { ...options, settings: { model: "b" } };
    await expect(GrowingTable.open(other)).rejects.toThrow(
      "was begun with other settings (model); --no-resume",
    );
    await truncate(`${options.path}.part`, 10);
    await expect(GrowingTable.open(options)).rejects.toThrow("is shorter than");
    const anew = await GrowingTable.open({ ...other, resume: false });
    expect(anew.done.files).toBe(0);
    await anew.leave();
  });
});
