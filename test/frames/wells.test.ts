import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  formatRow,
  formatWell,
  parseWell,
  wellAt,
  wellNameOf,
  wellOf,
  wellSpelling,
} from "../../src/frames/wells.js";

describe("parseWell", () => {
  it.each([
    ["A1", { name: "A01", row: 0, column: 0 }],
    ["A01", { name: "A01", row: 0, column: 0 }],
    ["a01", { name: "A01", row: 0, column: 0 }],
    ["H12", { name: "H12", row: 7, column: 11 }],
    ["Z1", { name: "Z01", row: 25, column: 0 }],
    ["AA1", { name: "AA01", row: 26, column: 0 }],
    ["AF48", { name: "AF48", row: 31, column: 47 }],
    ["A1-Site_0", { name: "A01", row: 0, column: 0, site: 0 }],
    ["P24-Site_13", { name: "P24", row: 15, column: 23, site: 13 }],
  ])("reads %s", (text, well) => {
    expect(parseWell(text)).toEqual(well);
  });

  it.each(["", "A", "1", "A0", "A00", "A49", "AG1", "BA1", "AAA1", "A1-Site_", "A1-Site_x", "A1 B2", "Pos0"])(
    "gives nothing for %j",
    (text) => {
      expect(parseWell(text)).toBeUndefined();
    },
  );

  it("reads back every well that formatWell writes, padded or not, in either case", () => {
    fc.assert(
      fc.property(fc.nat(31), fc.nat(47), fc.option(fc.nat(999)), (row, column, site) => {
        const name = formatWell(row, column);
        const short = name.replace(/(?<=\D)0/, "");
        const label = site === null ? "" : `-Site_${site}`;
        const well = { name, row, column, ...(site === null ? {} : { site }) };
        expect(parseWell(`${name}${label}`)).toEqual(well);
        expect(parseWell(`${short.toLowerCase()}${label}`)).toEqual(well);
      }),
    );
  });

  it("takes any text without throwing, and gives only wells that exist", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[A-Za-z]{1,3}\d{1,3}$/)), (text) => {
        const well = parseWell(text);
        if (well !== undefined) expect(formatWell(well.row, well.column)).toBe(well.name);
      }),
    );
  });
});

describe("formatWell and wellAt", () => {
  it("name 1536 wells, all differently", () => {
    const names = Array.from({ length: 32 * 48 }, (_, i) => formatWell(Math.floor(i / 48), i % 48));
    expect(new Set(names).size).toBe(1536);
    expect([names[0], names[47], names[25 * 48], names[26 * 48], names.at(-1)]).toEqual([
      "A01",
      "A48",
      "Z01",
      "AA01",
      "AF48",
    ]);
  });

  it.each([
    [-1, 0],
    [0, -1],
    [32, 0],
    [0, 48],
    [0.5, 0],
    [Number.NaN, 0],
  ])("know no well at row %d, column %d", (row, column) => {
    expect(() => formatWell(row, column)).toThrow(RangeError);
    expect(wellAt(row, column)).toBeUndefined();
  });
});

describe("formatRow", () => {
  it("names rows as screens do", () => {
    expect([0, 25, 26, 31].map(formatRow)).toEqual(["A", "Z", "AA", "AF"]);
  });
});

describe("wellSpelling", () => {
  it.each([
    ["b9", "B09"],
    ["B09", "B09"],
    ["af1", "AF01"],
    ["A1-Site_0", "A1-Site_0"],
    ["edge", "edge"],
  ])("spells %s as %s", (text, spelling) => {
    expect(wellSpelling(text)).toBe(spelling);
  });
});

describe("the well of a site", () => {
  it.each([
    [{ name: "B02-Site_0" }, "B02", 0],
    [{ name: "A1_s3" }, "A01", 3],
    [{ name: "A1_0003" }, "A01", 3],
    [{ name: "C04 field 2" }, "C04", 2],
    [{ name: "A01" }, "A01", undefined],
    [{ name: "x", row: 2, column: 3 }, "C04", undefined],
    [{ name: "A01", well: "b03" }, "B03", undefined],
    [{ name: "A01", well: "b03", row: 2, column: 3 }, "C04", undefined],
  ])("%j is %s", (site, name, number) => {
    expect(wellOf(site)?.name).toBe(name);
    expect(wellOf(site)?.site).toBe(number);
  });

  it.each([
    { name: "p1" },
    { name: "a01" },
    { name: "S1" },
    { name: "Z12" },
    { name: "Pos1" },
    { name: "A1_left" },
    { name: "P2_A01" },
    { name: "A01", well: "left dish" },
    { name: "A01", row: 99, column: 0 },
  ])("is not known of %j", (site) => {
    expect(wellOf(site)).toBeUndefined();
  });

  it("is called what its controller calls it where that is none of a plate", () => {
    expect(wellNameOf({ name: "A01", well: "left dish" })).toBe("left dish");
  });
});
