import { parse } from "csv-parse/sync";
import { describe, expect, test } from "vitest";
import { SiteLedger } from "../../src/records/site-ledger.js";
import { FocusMap } from "../../src/runs/focus-map.js";
import { parseFocusMap } from "../../src/runs/read-focus-map.js";
import { verdict } from "../store/records.js";

/** A plate that is tilted by 2 um a mm along x, with DAPI 1.5 um above GFP; C3 lies 6 um too high. */
function sites() {
  const ledger = new SiteLedger();
  let ms = Date.UTC(2026, 10, 27);
  for (const row of [0, 1, 2, 3]) {
    for (const column of [0, 1, 2, 3, 4]) {
      for (const channel of ["GFP", "DAPI"]) {
        const name = `${"ABCD"[row]}${column + 1}-Site_0`;
        const record = verdict({ site: name, channel, ms: ms++ });
        const jump = row === 2 && column === 2 ? 6 : 0;
        const place = { xUm: 1000 * column, yUm: 1000 * row };
        const zUm = 100 + 2 * column + (channel === "DAPI" ? 1.5 : 0) + jump;
        const site = { name, plate: "P1", row, column, index: 0 };
        ledger.apply({ ...record, frame: { ...record.frame!, ...place, zUm, site } });
      }
    }
  }
  ledger.apply({ ...verdict({ site: "out of focus", decision: "flag", ms }) });
  return ledger.all();
}

const rows = (csv: string) => parse(csv, { columns: true, cast: true }) as Record<string, number>[];

describe("the focus map of a run", () => {
  test("has a point for each site in focus, with what its channel and its region are off", () => {
    const map = new FocusMap(sites());
    const points = rows(map.csv("points"));

    expect([map.size, points.length]).toEqual([40, 40]);
    expect(points[1]).toMatchObject({ region: "A01", channel: "DAPI", x_um: 0, y_um: 0, z_um: 101.5 });
    for (const { region, channel, region_offset_um, channel_offset_um } of points as never[]) {
      expect(region_offset_um, region).toBeCloseTo(region === "C03" ? 6 : 0, 0);
      expect(channel_offset_um).toBeCloseTo(channel === "DAPI" ? 1.5 : 0, 1);
    }
  });

  test("as a grid spans the sites, a plane for each channel that one jump does not bend", () => {
    const grid = rows(new FocusMap(sites()).csv("grid"));

    // 4 by 3 mm: 11 points along x, 9 along y.
    expect(grid).toHaveLength(2 * 11 * 9);
    for (const { x_um, z_um, sd_um, channel } of grid) {
      expect(z_um).toBeCloseTo(100 + x_um! / 500 + ((channel as unknown) === "DAPI" ? 1.5 : 0), 0);
      expect(sd_um).toBeGreaterThan(0);
    }
    expect(grid.at(-1)).toMatchObject({ x_um: 4000, y_um: 3000 });
  });

  test("is one that Squid imports, in mm, of one channel", () => {
    const map = new FocusMap(sites());

    expect(map.csv("squid").split("\n").slice(0, 3)).toEqual([
      ...["Region_ID,X_mm,Y_mm,Z_um", "A01,0,0,100", "A02,1,0,102"],
    ]);
    expect(rows(map.csv("squid", "DAPI"))[1]).toEqual({ Region_ID: "A02", X_mm: 1, Y_mm: 0, Z_um: 103.5 });
  });

  test("holds no formula, whatever channels and sites are called, and reads back as it was", () => {
    const ledger = new SiteLedger();
    const [site, channel] = [{ name: "=cmd|' /C calc'!A0" }, "\uff0bGFP"];
    const record = verdict({ site: site.name, channel, ms: 1 });
    ledger.apply({ ...record, frame: { ...record.frame!, xUm: -5, yUm: 0, zUm: -3, site } });
    const map = new FocusMap(ledger.all());

    const points = map.csv("points");
    expect(points).toContain(`'${site.name},'${channel},-5,0,-3`);
    expect(map.csv("grid")).toContain(`'${channel},-5,0,-3`);
    expect(map.csv("squid")).toContain(`'${site.name},-0.005,0,-3`);
    expect(parseFocusMap(points, "map.csv")).toMatchObject([{ channel, region: site.name, xUm: -5 }]);
  });

  test("of no site is empty, of one a point", () => {
    expect(new FocusMap([]).csv("grid").trim()).toBe("channel,x_um,y_um,z_um,sd_um");
    const [one] = sites();
    expect(rows(new FocusMap([one!]).csv("grid"))).toMatchObject([{ x_um: 0, y_um: 0, z_um: 100 }]);
  });
});
