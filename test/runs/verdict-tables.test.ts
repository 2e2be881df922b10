import { parse } from "csv-parse/sync";
import { describe, expect, test } from "vitest";
import type { ResultRecord } from "../../src/records/record.js";
import { SiteLedger } from "../../src/records/site-ledger.js";
import { siteVerdicts } from "../../src/runs/site-verdicts.js";
import { omeroCsv, qcCsv } from "../../src/runs/verdict-tables.js";
import { ScoreVerdicts } from "../../src/scores/score-verdicts.js";
import { verdict } from "../store/records.js";

type Fields = Parameters<typeof verdict>[0];

/** A frame's verdict in well A1, or in another one of its row. */
function inWell(fields: Fields, column = 0): Extract<ResultRecord, { type: "verdict" }> {
  const record = verdict(fields);
  const site = { name: `A${column + 1}-Site_0`, plate: "P1", index: 0, row: 0, column };
  return {
    ...record,
    id: `${record.id}${column}`,
    frame: { ...record.frame!, id: `${record.id}${column}`, site },
  };
}

function verdictsOf(...records: readonly ResultRecord[]) {
  const ledger = new SiteLedger();
  for (const [i, record] of records.entries()) ledger.apply({ ...record, recordedMs: 1000 * i });
  return siteVerdicts(ledger.all());
}

const rows = (csv: string) => parse(csv, { columns: true }) as Record<string, string>[];

describe("the table of flags", () => {
  test("has 0 or 1 for each site and channel, and 1 for a site with a bad channel", () => {
    const table = qcCsv(
      verdictsOf(
        inWell({}),
        inWell({ channel: "GFP", decision: "flag" }),
        inWell({ decision: "abstain" }, 1),
      ),
    );

    expect(rows(table)).toMatchObject([
      {
        ...{ Metadata_Plate: "P1", Metadata_Well: "A01", Metadata_Site: "0", Metadata_Timepoint: "0" },
        ...{ Metadata_QCFlag: "1", Metadata_QCFlag_DAPI: "0", Metadata_QCFlag_GFP: "1" },
        ImageFocus_Score_DAPI: "0.3",
      },
      { Metadata_QCFlag: "1", Metadata_QCFlag_DAPI: "1", Metadata_QCFlag_GFP: "" },
    ]);
  });

  test("does not flag what holds nothing to judge", () => {
    const blank = { ...inWell({ decision: "abstain" }), condition: "blank" } as const;

    expect(rows(qcCsv(verdictsOf(blank)))).toMatchObject([{ Metadata_QCFlag: "0" }]);
  });

  test("has one row for a site that was imaged again in another run: the later one", () => {
    const table = qcCsv(verdictsOf(inWell({ run: "first", decision: "flag" }), inWell({ run: "second" })));

    expect(rows(table)).toMatchObject([{ Metadata_QCFlag: "0" }]);
  });

  test("comes from scores of files as well: the sharpest plane of a site counts", () => {
    const scores = new ScoreVerdicts();
    const at = { plate: "P1", well: "a1", site: 2, channel: "DAPI", time: "", aggregate_certainty: 0.5 };
    for (const [z, condition, expected_level] of [
      [0, "defocused", 4],
      [1, "in-focus", 0.4],
      [2, "defocused", 3],
      // Further from focus than everything else reads low.
      [3, "blank", 0.1],
    ] as const) {
      scores.add({ ...at, z, condition, expected_level });
    }
    scores.add({ ...at, site: 3, z: "", condition: "defocused", expected_level: 5 });

    expect(scores.all()).toMatchObject([
      { well: "A01", site: 2, timeIndex: 0, zIndex: 1, isBad: false, level: 0.4 },
      { site: 3, zIndex: undefined, isBad: true, reason: "defocused" },
    ]);
  });
});

describe("the slice of a site", () => {
  test("is the sharpest one of a z-stack", () => {
    const stack = { judged: 5, sharpestZIndex: 3, sharpestLevel: 0.2, edge: "none" } as const;

    expect(verdictsOf({ ...inWell({}), stack })).toMatchObject([{ zIndex: 3, level: 0.2 }]);
  });
});

describe("the table for OMERO", () => {
  test("says the types of its columns first, and leaves no number empty", () => {
    const { id, session, recordedMs, frame } = inWell({}, 1);
    const drop = { v: 1, type: "drop", id, session, why: "deadline", recordedMs, frame: frame! } as const;
    const { csv, leftOut } = omeroCsv(verdictsOf(inWell({ decision: "flag" }), drop));

    const [types, ...table] = csv.split("\n");
    expect(types).toBe("# header well,plate,s,s,l,s,l,d,d,s");
    expect(rows(table.join("\n"))).toMatchObject([
      { Well: "A01", Plate: "P1", "Focus status": "flagged", "Focus flag": "1", "Focus level": "0.3" },
      { Well: "A02", "Focus status": "unscored", "Focus flag": "1", "Focus level": "nan" },
    ]);
    expect(leftOut).toBe(0);
  });

  test("leaves out what OMERO cannot place, and the plate where nobody names one", () => {
    const [known] = verdictsOf(inWell({}));
    const unnamed = { ...known!, plate: "" };
    const nowhere = { ...known!, well: "slide" };

    expect(omeroCsv([known!, unnamed, nowhere])).toMatchObject({ leftOut: 2 });
    expect(omeroCsv([unnamed]).csv).toMatch(/^# header well,s,s,l,s,l,d,d,s\nWell,Site,/);
  });
});
