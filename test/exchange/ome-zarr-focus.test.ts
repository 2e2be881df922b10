import { spawnSync } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { describe, expect, test } from "vitest";
import { addFocusToPlate } from "../../src/exchange/ome-zarr-focus.js";
import type { SiteVerdict } from "../../src/runs/site-verdicts.js";
import { temporaryFolder } from "../helpers/models.js";

/** A Python that has ngio (pip install ngio). */
const PYTHON = process.env.PARFOCAL_NGIO;

/** Makes a plate, opens it as ngio does, and prints what it reads of a table and of a well's image. */
const NGIO = `
import json, sys
from ngio import open_ome_zarr_plate
root = sys.argv[1]
plate = open_ome_zarr_plate(root)
table = plate.get_table("parfocal_focus")
frame = table.dataframe.reset_index()
print(json.dumps({"type": table.table_type(), "tables": plate.list_tables(), "rows": json.loads(frame.to_json(orient="records"))}))
`;

const verdict = (fields: Partial<SiteVerdict>): SiteVerdict => ({
  ...{ plate: "P1", well: "A01", site: 0, channel: "DAPI", timeIndex: 0, status: "sharp", isBad: false },
  ...{ reason: "", level: 0.4, certainty: 0.8, zUm: 12.5, zIndex: 3, ...fields },
});

const VERDICTS = [
  verdict({}),
  verdict({ timeIndex: 1, zIndex: 5 }),
  verdict({ well: "B02", status: "flagged", isBad: true, reason: "=out of focus", level: 4.25, zIndex: 7 }),
  verdict({
    well: "B02",
    status: "unscored",
    channel: "GFP",
    level: undefined,
    certainty: undefined,
    zIndex: 0,
  }),
  verdict({ well: "C03" }),
  verdict({ site: 4 }),
];

/** A plate of two wells as other programs write it; A/1 has two images. */
async function plate(version: 2 | 3, consolidated = false): Promise<string> {
  const root = join(await temporaryFolder(), "plate.zarr");
  const wells = [
    { path: "A/1", rowIndex: 0, columnIndex: 0 },
    { path: "B/02", rowIndex: 1, columnIndex: 1 },
  ];
  const plateOf = {
    columns: [{ name: "1" }, { name: "02" }],
    rows: [{ name: "A" }, { name: "B" }],
    ...{ wells, version: version === 3 ? "0.5" : "0.4" },
  };
  const gathered: Record<string, unknown> = {};
  const group = async (path: string, ome: object) => {
    await mkdir(join(root, path), { recursive: true });
    const attributes =
      version === 3 ? { ome: { version: "0.5", ...ome }, mine: path } : { ...ome, mine: path };
    if (version === 3) {
      const json = { zarr_format: 3, node_type: "group", attributes };
      if (path !== "") gathered[path] = json;
      await writeFile(join(root, path, "zarr.json"), JSON.stringify(json));
    } else {
      gathered[[path, ".zattrs"].filter(Boolean).join("/")] = attributes;
      await writeFile(join(root, path, ".zgroup"), '{"zarr_format":2}');
      await writeFile(join(root, path, ".zattrs"), JSON.stringify(attributes));
    }
  };
  await group("", { plate: plateOf });
  await group("A/1", { well: { images: [{ path: "fov0" }, { path: "fov1" }], version: "0.4" } });
  await group("B/02", { well: { images: [{ path: "7" }], version: "0.4" } });
  for (const path of ["A/1/fov0", "A/1/fov1", "B/02/7"]) await group(path, { omero: { channels: [] } });
  if (consolidated && version === 2) {
    await writeFile(
      join(root, ".zmetadata"),
      JSON.stringify({ metadata: gathered, zarr_consolidated_format: 1 }),
    );
  } else if (consolidated) {
    const json = JSON.parse(await readFile(join(root, "zarr.json"), "utf8")) as object;
    const consolidated_metadata = { kind: "inline", must_understand: false, metadata: gathered };
    await writeFile(join(root, "zarr.json"), JSON.stringify({ ...json, consolidated_metadata }));
  }
  return root;
}

async function attributes(root: string, path: string, version: 2 | 3): Promise<Record<string, unknown>> {
  const file = join(root, path, version === 3 ? "zarr.json" : ".zattrs");
  const json = JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
  return version === 3 ? (json.attributes as Record<string, unknown>) : json;
}

describe.each([2, 3] as const)("an OME-Zarr plate of Zarr %i", (version) => {
  test("gets the sharpest slices as VisCy reads them, beside what it has", async () => {
    const root = await plate(version);
    expect(await addFocusToPlate(root, VERDICTS)).toEqual({ placed: 4, leftOut: 2 });

    const dataset_statistics = {
      ...{ z_focus_mean: 5, z_focus_std: Math.sqrt(8 / 3), z_focus_min: 3, z_focus_max: 7 },
    };
    expect(await attributes(root, "", version)).toMatchObject({
      mine: "",
      focus_slice: { DAPI: { dataset_statistics } },
    });
    const image = await attributes(root, "A/1/fov0", version);
    expect(image).toMatchObject({ mine: "A/1/fov0" });
    expect(image.focus_slice).toEqual({
      DAPI: {
        dataset_statistics,
        fov_statistics: { z_focus_mean: 4, z_focus_std: 1 },
        per_timepoint: { 0: 3, 1: 5 },
      },
    });
    // The one image of its well, whatever it is called; and nothing of a channel that nobody judged.
    expect(Object.keys((await attributes(root, "B/02/7", version)).focus_slice as object)).toEqual(["DAPI"]);
    expect(await attributes(root, "A/1/fov1", version)).not.toHaveProperty("focus_slice");
  });

  test("keeps other channels and tables, also when it is done again", async () => {
    const root = await plate(version);
    await addFocusToPlate(root, VERDICTS);
    await addFocusToPlate(root, [verdict({ channel: "GFP", zIndex: 2 })]);

    const { focus_slice } = await attributes(root, "A/1/fov0", version);
    expect(focus_slice).toMatchObject({
      DAPI: { per_timepoint: { 0: 3 } },
      GFP: { per_timepoint: { 0: 2 } },
    });
    expect(await attributes(root, "tables", version)).toEqual({ tables: ["parfocal_focus"] });
    const csv = await readFile(join(root, "tables/parfocal_focus/table.csv"), "utf8");
    expect(parse(csv, { columns: true })).toHaveLength(1);
  });

  test("changes metadata that are gathered at its root, too", async () => {
    const root = await plate(version, true);
    await addFocusToPlate(root, VERDICTS);

    const json = JSON.parse(
      await readFile(join(root, version === 3 ? "zarr.json" : ".zmetadata"), "utf8"),
    ) as Record<string, never>;
    const slices = { DAPI: { per_timepoint: { 0: 3 } } };
    if (version === 3) {
      const { metadata } = json.consolidated_metadata as { metadata: Record<string, unknown> };
      expect(metadata["A/1/fov0"]).toMatchObject({ attributes: { mine: "A/1/fov0", focus_slice: slices } });
      expect(metadata["tables/parfocal_focus"]).toMatchObject({ node_type: "group" });
    } else {
      const metadata = json.metadata as Record<string, unknown>;
      expect(metadata["A/1/fov0/.zattrs"]).toMatchObject({ mine: "A/1/fov0", focus_slice: slices });
      expect(metadata[".zattrs"]).toMatchObject({ mine: "", focus_slice: {} });
      expect(metadata["tables/.zattrs"]).toEqual({ tables: ["parfocal_focus"] });
    }
  });

  test.skipIf(PYTHON === undefined)("has a condition_table that ngio reads", async () => {
    for (const consolidated of [false, true]) {
      const root = await plate(version, consolidated);
      await addFocusToPlate(root, VERDICTS);

      const { stdout, stderr, status } = spawnSync(PYTHON!, ["-c", NGIO, root], { encoding: "utf8" });
      expect(status, stderr).toBe(0);
      const read = JSON.parse(stdout) as { type: string; tables: string[]; rows: Record<string, unknown>[] };
      expect(read).toMatchObject({ type: "condition_table", tables: ["parfocal_focus"] });
      expect(read.rows).toHaveLength(4);
      expect(read.rows[2]).toMatchObject({
        ...{ index: "B_02_7_DAPI_0", row: "B", path_in_well: "7", channel: "DAPI", time_index: 0 },
        ...{ focus_status: "flagged", focus_flag: 1, focus_level: 4.25, z_index: 7 },
      });
      expect(read.rows[3]).toMatchObject({ focus_status: "unscored", focus_level: null });
    }
  });
});

describe("what is no plate", () => {
  test.each([
    ["no Zarr", "parfocal.txt", "{}", /is no OME-Zarr/],
    ["an image", "zarr.json", '{"attributes":{"ome":{"multiscales":[]}}}', /is no OME-Zarr plate/],
    [
      "a plate whose wells lie elsewhere",
      "zarr.json",
      '{"attributes":{"ome":{"plate":{"wells":[{"path":"../etc"}]}}}}',
      /is no OME-Zarr plate/,
    ],
    ["broken metadata", "zarr.json", "{", /zarr\.json: cannot be read/],
  ])("%s is refused, and nothing is written", async (_, name, text, reason) => {
    const root = await temporaryFolder();
    await writeFile(join(root, name), text);
    await expect(addFocusToPlate(root, VERDICTS)).rejects.toThrow(reason);
    expect(await readFile(join(root, name), "utf8")).toBe(text);
  });
});
