import { stringify } from "csv-stringify/sync";
import { describe, expect, test } from "vitest";
import { noFormula, unescaped } from "../src/spreadsheet-text.js";

describe("a name that a spreadsheet would take for a formula", () => {
  test.each([
    "=cmd|' /C calc'!A0",
    "+1",
    "-2",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    "\uff1d1",
    "\uff0b1",
    "\uff0d1",
    "\uff201",
  ])("%j is text, as in all tables, and reads back as it was", (name) => {
    const [cell] = [stringify([[name]], { escape_formulas: true, quote: false, eof: false })];

    expect(noFormula(name)).toBe(`'${name}`);
    expect(cell).toBe(`'${name}`);
    expect(unescaped(cell)).toBe(name);
  });

  test.each(["DAPI", "'quoted'", "A-1", ""])("%j is none, and stays as it is", (name) => {
    expect(noFormula(name)).toBe(name);
    expect(unescaped(name)).toBe(name);
  });
});
