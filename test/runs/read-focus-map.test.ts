import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { KnownFocus } from "../../src/refocus/known-focus.js";
import { parseFocusMap, readFocusMap } from "../../src/runs/read-focus-map.js";
import { temporaryFolder } from "../agent/helpers.js";

const point = { xUm: 1000, yUm: 2000, zUm: 12.5, sdUm: 0, channel: undefined, region: undefined };

describe("a focus map in a file", () => {
  test.each([
    ["x_um,y_um,z_um\n1000,2000,12.5\n", {}],
    ["X_mm;Y_mm;Z_um;Region_ID\r\n1;2;12.5;A01\r\n", { region: "A01" }],
    ["\uFEFFx\ty\tz\tchannel\n1000\t2000\t12.5\tDAPI\n\n", { channel: "DAPI" }],
    ["channel,x_um,y_um,z_um,sd_um\n,1e3,2000,12.5,0.7\n", { sdUm: 0.7 }],
    ["sep=;\r\nx_um;y_um;z_um\r\n;;\r\n1000;2000;12,5\r\n", {}],
    ["well,x_um,y_um,z_mm,remark\nB2,1000,2000,0.0125,x\n", { region: "B2" }],
  ])("%j is read", (text, fields) => {
    expect(parseFocusMap(text, "map.csv")).toEqual([{ ...point, ...fields }]);
  });

  test.each([
    ["x_um,y_um\n1,2\n", "columns x_um, y_um and z_um"],
    ["x_um,y_um,z_um\n", "a focus map has rows"],
    ["", "a focus map has rows"],
    ["x_um,y_um,z_um\n1,2,3\n1,,3\n", 'row 3, y_um: "" is not a number'],
    ["x_um,y_um,z_um\n1,2,high\n", 'row 2, z_um: "high" is not a number'],
    ["x_um,y_um,z_um\n1,2\n", "row 2: 2 cells where the header has 3"],
    ['x_um,y_um,z_um\n"1,2,3\n', "it is not a CSV table"],
    [
      'x_um,y_um,z_um\n"1,5",2,3\n',
      'row 2, x_um: "1,5" is not a number: in a table between commas, decimals',
    ],
  ])("%j is refused with its reason", (text, reason) => {
    expect(() => parseFocusMap(text, "map.csv")).toThrow(reason);
  });

  test("is read as spreadsheets of Windows save it", async () => {
    const file = join(await temporaryFolder(), "map.csv");
    await writeFile(file, "x;y;z;channel\n1;2;3;Phase grün\n", "latin1");

    expect(await readFocusMap(file)).toMatchObject([{ channel: "Phase grün" }]);
  });

  test("that is not there is named", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "map.csv"), "x,y,z\n1,2,3\n");
    expect(await readFocusMap(join(folder, "map.csv"))).toHaveLength(1);
    await expect(readFocusMap(join(folder, "none.csv"))).rejects.toThrow("none.csv: the focus map cannot be");
  });
});

describe("what a focus map says of a place", () => {
  const rows = ["channel,region,x_um,y_um,z_um"];
  for (const [channel, offsetUm] of [
    ["DAPI", 0],
    ["GFP", 1.5],
  ] as const) {
    for (let row = 0; row < 4; row++) {
      for (let column = 0; column < 5; column++) {
        const jumpUm = row === 2 && column === 2 ? 6 : 0;
        const zUm = 100 + 2 * column - row + offsetUm + jumpUm;
        rows.push(`${channel},${"ABCD"[row]}${column + 1},${9000 * column},${9000 * row},${zUm}`);
      }
    }
  }
  const map = new KnownFocus(parseFocusMap(rows.join("\n"), "map.csv"));
  const at = (place: object, name = "x", well?: string) =>
    map.at({ site: { name, well }, channel: "DAPI", ...place })?.zUm;

  test("lies on the surface between its points, with the offset of the channel", () => {
    expect(at({ xUm: 13_500, yUm: 4500 })).toBeCloseTo(102.5, 1);
    expect(at({ xUm: 13_500, yUm: 4500, channel: "GFP" })).toBeCloseTo(104, 1);
  });

  test("has the offset of its region, by the well however it is spelt, else by the name of the site", () => {
    expect(at({ xUm: 18_000, yUm: 18_000 })).toBeCloseTo(102, 0);
    expect(at({ xUm: 18_500, yUm: 18_000 }, "C03-Site_1", "C03")).toBeCloseTo(108, 0);
    expect(at({ xUm: 18_500, yUm: 18_000 }, "C3")).toBeCloseTo(108, 0);
    expect(at({ xUm: 18_500, yUm: 18_000 }, "c3")).toBeCloseTo(102, 0);
  });

  test("is nothing where the stage is not known", () => {
    expect(at({})).toBeUndefined();
  });
});
