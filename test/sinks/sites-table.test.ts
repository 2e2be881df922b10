import { parse } from "csv-parse/sync";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import type { ResultRecord } from "../../src/records/record.js";
import { SiteLedger } from "../../src/records/site-ledger.js";
import { SITES_HEADER, siteLine } from "../../src/runs/sites-csv.js";
import { SitesTable } from "../../src/sinks/sites-table.js";
import { times } from "../helpers/campaign.js";
import { anyRecord, verdict } from "../store/records.js";

function tableOf(records: Iterable<ResultRecord>, maxHeld?: number): SitesTable {
  const table = SitesTable.open(maxHeld);
  onTestFinished(() => table.close());
  for (const record of records) table.apply(record);
  return table;
}

function rowsOf(table: SitesTable): Record<string, string>[] {
  return parse([...table.text()].join(""), { columns: true }) as Record<string, string>[];
}

const NOWHERE = { x_um: "", y_um: "" };

describe("the table of sites", () => {
  test("with next to nothing in memory is the one that is made with everything in memory", () => {
    fc.assert(
      fc.property(fc.array(anyRecord, { minLength: 1, maxLength: 60 }), (records) => {
        const ledger = new SiteLedger();
        for (const record of records) ledger.apply(record);
        const table = tableOf(records, 2);

        const [header, ...lines] = [...table.text()];
        expect(header).toBe(SITES_HEADER);
        // Where a site lies may be told first with another of its time points: a row that was written before does not say it.
        const rows = (text: string) => {
          const cells = parse(SITES_HEADER + text, { columns: true }) as Record<string, string>[];
          return cells.map((row) => String(Object.values({ ...row, ...NOWHERE })));
        };
        const all = [...ledger.all()].map(siteLine).join("");
        expect(new Set(rows(lines.join("")))).toEqual(new Set(rows(all)));
        expect(rows(lines.join(""))).toHaveLength(rows(all).length);
      }),
      { numRuns: times(100, 5000) },
    );
  });

  test("has one row of a site that is heard of again long after the others came", () => {
    const first = verdict({ site: "first", decision: "retry" });
    const others = Array.from({ length: 50 }, (_, i) => verdict({ site: `S${i}` }));
    const again = verdict({ site: "first", attempt: 1, ms: 2_000_000 });
    const table = tableOf([first, ...others], 4);
    expect(rowsOf(table)[0]).toMatchObject({ site: "first", status: "searching" });
    table.apply(again);

    expect(rowsOf(table)).toHaveLength(51);
    expect(rowsOf(table)[0]).toMatchObject({ site: "first", status: "sharp", attempts: "2" });
  });

  test("keeps the rows of a run together, however runs take turns", () => {
    const turns = Array.from({ length: 6 }, (_, i) => verdict({ run: `run-${i % 2}`, site: `S${i}` }));

    expect(rowsOf(tableOf(turns, 2)).map(({ session }) => session)).toEqual([
      ...["run-0", "run-0", "run-0", "run-1", "run-1", "run-1"],
    ]);
  });

  test("is whole however long it is", () => {
    const records = Array.from({ length: 6001 }, (_, i) => verdict({ site: `S${i}` }));

    const rows = rowsOf(tableOf(records, 100));

    expect(rows.map(({ site }) => site)).toEqual(records.map(({ frame }) => frame!.site.name));
  });

  test("is whole whatever a controller calls its sites", () => {
    const names = ["nul\0nul", "'; drop table lines; --", 'a "quoted",\nname', "ünïcödé ☃", "\ud800"];

    const rows = rowsOf(tableOf(names.map((site) => verdict({ site }))));

    expect(rows.map(({ site }) => site)).toEqual([
      ...["nul\uFFFDnul", "'; drop table lines; --", 'a "quoted",\nname', "ünïcödé ☃", "\uFFFD"],
    ]);
  });
});
