import { parse } from "csv-parse/sync";
import { expect, test } from "vitest";
import { wellOf } from "../../src/frames/wells.js";
import { NO_ROWS } from "../../src/records/run-rows.js";
import { SiteLedger } from "../../src/records/site-ledger.js";
import { exportCsv } from "../../src/runs/export-table.js";
import { RunTable } from "../../src/runs/run-table.js";
import { siteVerdicts } from "../../src/runs/site-verdicts.js";
import { SITES_HEADER, siteLine } from "../../src/runs/sites-csv.js";
import { detailRows } from "../../src/store/record-rows.js";
import { verdict } from "../store/records.js";

test.each([
  [{ name: "B02-Site_0" }, "B02"],
  [{ name: "A1_s3" }, "A01"],
  [{ name: "x", row: 2, column: 3 }, "C04"],
  [{ name: "p1" }, ""],
])("every table says the same well of a site %j", (site, well) => {
  const known = verdict();
  const record = { ...known, frame: { ...known.frame!, site } };
  const ledger = new SiteLedger();
  ledger.apply(record);
  const entries = [...ledger.all()];
  const [ofSites] = parse(SITES_HEADER + entries.map(siteLine).join(""), { columns: true }) as {
    well: string;
  }[];
  const [ofFrames] = parse(exportCsv("parfocal", [record]), { columns: true }) as { well: string }[];
  const table = new RunTable(record.session!);
  table.apply(record);

  expect({
    sites: ofSites?.well,
    frames: ofFrames?.well,
    database: detailRows({ line: "", record }).sites?.well ?? "",
    verdicts: siteVerdicts(entries)[0]?.well,
    page: wellOf(table.sites[0]!)?.name ?? "",
  }).toEqual({ sites: well, frames: well, database: well, verdicts: well, page: well });
});

test("a site whose well its name says is the same one after a restart from written rows", () => {
  const known = verdict();
  const record = { ...known, frame: { ...known.frame!, site: { name: "A01-Site_0" } } };
  const table = new RunTable(record.session!);
  table.apply(record);
  const again = new RunTable(record.session!, { ...NO_ROWS, sites: table.sites });
  again.apply(record);

  expect(again.sites).toHaveLength(1);
});
