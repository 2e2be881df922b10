import { parse } from "csv-parse/sync";
import { describe, expect, test } from "vitest";
import type { ResultRecord } from "../../src/records/record.js";
import { SiteLedger } from "../../src/records/site-ledger.js";
import { SITES_HEADER, siteLine } from "../../src/runs/sites-csv.js";
import { verdict } from "../store/records.js";

function rowsOf(...records: readonly ResultRecord[]): Record<string, string>[] {
  const ledger = new SiteLedger();
  for (const record of records) ledger.apply(record);
  return parse(SITES_HEADER + [...ledger.all()].map(siteLine).join(""), { columns: true }) as Record<
    string,
    string
  >[];
}

/** A verdict at a time point. */
function at(timeIndex: number, fields: Partial<ReturnType<typeof verdict>> = {}) {
  const record = verdict();
  const id = `${record.id}/${timeIndex}`;
  return { ...record, id, ...fields, frame: { ...record.frame!, id, timeIndex } };
}

describe("sites.csv", () => {
  test("keeps every time point", () => {
    expect(rowsOf(at(0), at(1), at(2)).map(({ time_index }) => time_index)).toEqual(["0", "1", "2"]);
  });

  test("numbers sites as a table of scores does, beside their names", () => {
    const record = at(0);
    const site = { name: "B07-Site_2", plate: "P", well: "B7", index: 2 };
    expect(rowsOf({ ...record, frame: { ...record.frame, site } })).toMatchObject([
      { plate: "P", well: "B07", site: "B07-Site_2", site_index: "2" },
    ]);
  });

  test("counts a frame once that was dropped and judged too late", () => {
    const late = at(0, { late: true });
    const { id, session, frame, recordedMs } = late;
    const drop: ResultRecord = { v: 1, type: "drop", id, session, why: "deadline", frame, recordedMs };

    expect(rowsOf(drop, late)).toMatchObject([{ attempts: "1", unscored: "1", status: "unscored" }]);
  });

  test("has no digits that mean nothing", () => {
    const fields = {
      expectedLevel: 0.30000000000000004,
      aggregateCertainty: 0.1234567,
      confidence: 0.9876543,
    };
    const measured = at(0, fields);
    const frame = { ...measured.frame, plannedZUm: 3.0000000000000004, zUm: 4.721999999999999 };
    const [row] = rowsOf({ ...measured, frame });

    expect(row).toMatchObject({
      kept_expected_level: "0.3",
      first_expected_level: "0.3",
      confidence: "0.988",
      ...{ planned_z_um: "3", first_z_um: "4.722", reported_z_um: "4.722", kept_z_um: "4.722" },
    });
    expect(Object.values(row!).filter((text) => /^\d+\.\d{4,}$/.test(text))).toEqual([]);
  });

  test("has the z of a stack's sharpest slice, and beside it where the drive was last", () => {
    const stack = {
      ...{ judged: 3, sharpestZIndex: 1, sharpestZUm: 10, sharpestLevel: 0.4 },
      edge: "none" as const,
    };
    const last = at(0, { stack });
    const frame = { ...last.frame, stack: { size: 3 }, zIndex: 2, zUm: 12, plannedZUm: 10 };

    expect(rowsOf({ ...last, frame })).toMatchObject([
      { planned_z_um: "10", first_z_um: "10", kept_z_um: "10", reported_z_um: "12" },
    ]);
  });

  test("says of which sites a frame is unlike all that the model was trained on, whatever came after it", () => {
    const blurred = at(0, { unfamiliar: true, decision: "retry", acquireAgain: true });
    const { frame } = at(0);
    const again = at(0, { id: "again", frame: { ...frame, id: "again", attempt: 1 } });

    expect(rowsOf(blurred, again, at(1)).map(({ unfamiliar }) => unfamiliar)).toEqual(["1", "0"]);
  });

  test("has a site that only the controller spoke of, with its word", () => {
    const { site, channel } = verdict().frame!;
    const said = { session: "run-1", site: { ...site, position: 7 }, channel, xUm: 100, yUm: 200 };

    expect(
      rowsOf({ v: 1, type: "abandon", ...said, why: "no-frame", reason: "camera timeout", recordedMs: 5000 }),
    ).toMatchObject([
      {
        ...{ site: "A1-Site_0", position: "7", x_um: "100", channel: "DAPI", time_index: "0" },
        ...{
          status: "no-frame",
          recovered: "unknown",
          attempts: "0",
          kept_expected_level: "",
          unfamiliar: "",
        },
        ...{ why: "no-frame", reason: "camera timeout", updated: "1970-01-01T00:00:05.000Z" },
      },
    ]);
  });
});
