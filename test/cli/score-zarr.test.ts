import { cp, readdir, readFile, truncate } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { beforeAll, describe, expect, it } from "vitest";
import { parfocal } from "../helpers/command.js";
import { temporaryFolder } from "../helpers/models.js";

const STORES = join(import.meta.dirname, "../fixtures/zarr");

let folder: string;
const at = (name: string) => join(folder, name);
const score = (out: string, ...more: string[]) =>
  parfocal("score", "--device", "cpu", at("screen"), "--out", at(out), ...more);
const rowsOf = async (name: string): Promise<Record<string, string>[]> =>
  parse(await readFile(at(name), "utf8"), { columns: true });

beforeAll(async () => {
  folder = await temporaryFolder();
  for (const name of ["plate04.ome.zarr", "series.zarr", "streamed.ome.zarr"]) {
    await cp(join(STORES, name), join(at("screen"), name), { recursive: true });
  }
});

describe("parfocal score of OME-Zarrs", () => {
  it("gives a row for each plane, with plate, well, field, channel, z and time", async () => {
    const { code, stderr } = await score("whole.csv", "--na", "0.5");
    // The series do not say how large their pixels are.
    expect(code, stderr).toBe(3);
    expect(stderr).toContain("series.zarr/0: the file does not say how large a pixel is");

    const rows = (await rowsOf("whole.csv")).map(({ file, page, plate, well, site, channel, time, z }) =>
      [file!.replace(`${at("screen")}/`, ""), page, plate, well, site, channel, time, z].join(),
    );
    expect(rows).toHaveLength(4 * 4 + 2 * 2);
    expect(rows.slice(0, 5)).toEqual([
      "plate04.ome.zarr/A/1/0,0,Screen 7,A01,0,DAPI,,0",
      "plate04.ome.zarr/A/1/0,1,Screen 7,A01,0,DAPI,,1",
      "plate04.ome.zarr/A/1/0,2,Screen 7,A01,0,GFP,,0",
      "plate04.ome.zarr/A/1/0,3,Screen 7,A01,0,GFP,,1",
      "plate04.ome.zarr/A/1/1,0,Screen 7,A01,1,DAPI,,0",
    ]);
    expect(rows.at(-1)).toBe("streamed.ome.zarr/C/3/fov1,1,Live,C03,1,GFP,,");
  });

  it("in shards gives what one run gives, once they are merged", async () => {
    expect((await score("one.csv")).code).toBe(0);
    for (const part of [1, 2]) expect((await score(`part-${part}.csv`, "--shard", `${part}/2`)).code).toBe(0);
    const merged = await parfocal("merge", at("part-1.csv"), at("part-2.csv"), "--out", at("merged.csv"));

    expect(merged.code, merged.stderr).toBe(0);
    expect(await readFile(at("merged.csv"), "utf8")).toBe(await readFile(at("one.csv"), "utf8"));
    expect((await rowsOf("part-1.csv")).length).toBeGreaterThan(0);
    expect((await rowsOf("part-2.csv")).length).toBeGreaterThan(0);
  });

  it("draws pictures beside one another, also of one store", async () => {
    const store = join(STORES, "v2_raw.zarr");
    const { code, stderr } = await parfocal("score", "--device", "cpu", store, "--overlay", at("pictures"));
    expect(code, stderr).toBe(0);
    expect((await readdir(at("pictures"))).sort()).toEqual([
      "legend.svg",
      "v2_raw.zarr-0-overlay.png",
      "v2_raw.zarr-1-overlay.png",
    ]);
  });

  it("names a damaged chunk and scores the rest", async () => {
    const damaged = join(folder, "damaged.zarr");
    await cp(join(STORES, "v2_gzip.zarr"), damaged, { recursive: true });
    await truncate(join(damaged, "0/1.0.0"), 50);
    const { code, stdout, stderr } = await parfocal("score", "--device", "cpu", damaged);

    expect(code).toBe(3);
    expect(stderr).toContain(`Not scored: ${damaged}: page 1 (number 2): its pixels are damaged`);
    expect(parse(stdout, { columns: true })).toHaveLength(1);
  });
});
