import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../src/errors.js";
import { parseManifest, readManifest } from "../../src/frames/manifest.js";
import { temporaryFolder } from "../helpers/models.js";

const rows = (...lines: string[]) => parseManifest(lines.join("\n"), "set/manifest.csv");

function problemsOf(...lines: string[]): readonly string[] {
  try {
    rows(...lines);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    expect((error as Error).message.startsWith("set/manifest.csv: ")).toBe(true);
    return (error as ConfigError).problems;
  }
  throw new Error("the manifest was accepted");
}

describe("parseManifest", () => {
  it("reads text and numbers, and leaves empty cells and missing columns undefined", () => {
    const [row] = rows(
      "file,kind,z_um,pixel_um,focus_label,notes",
      'a.png,stack,-3.0,0.3797,,"beads, not cells"',
    );
    expect(row).toMatchObject({
      file: "a.png",
      kind: "stack",
      zUm: -3,
      pixelUm: 0.3797,
      notes: "beads, not cells",
    });
    expect(row!.focusLabel).toBeUndefined();
    expect(row!.licence).toBeUndefined();
  });

  it("places files relative to the manifest", () => {
    expect(rows("file", "sub/a.png")[0]!.path).toBe(resolve("set/sub/a.png"));
  });

  it("ignores columns it does not know, a byte order mark and Windows line ends", () => {
    expect(rows("\ufefffile,plate\r", "a.png,P1\r", "b.png,P2\r").map((row) => row.file)).toEqual([
      "a.png",
      "b.png",
    ]);
  });

  it.each([
    ["semicolons", ";"],
    ["tabs", "\t"],
  ])("reads cells between %s, also where others stand in them", (_, separator) => {
    const lines = [
      ["file", "kind", '"notes, other; things"', "z_um", "notes"],
      ["a.png", "stack", "", "1.5", "beads, not cells"],
    ];
    expect(rows(...lines.map((cells) => cells.join(separator)))[0]).toMatchObject({
      ...{ file: "a.png", kind: "stack", zUm: 1.5, notes: "beads, not cells" },
    });
  });

  it("reads column names in any case", () => {
    expect(rows("File,Kind,NA", "a.png,stack,0.5")[0]).toMatchObject({
      ...{ file: "a.png", kind: "stack", numericalAperture: 0.5 },
    });
  });

  it("passes over rows and columns of empty cells, as spreadsheets leave them, and counts them in its messages", () => {
    const table = ["", "file,level,", "a.png,1,", ",,", "", "b.png,2,,,", ",,,"];
    expect(rows(...table).map(({ file, level }) => [file, level])).toEqual([
      ["a.png", 1],
      ["b.png", 2],
    ]);
    expect(problemsOf(...table, "c.png,12,")).toEqual(["row 8, level: must be 0 to 10"]);
    expect(problemsOf("file,level", "a.png,1,x")).toEqual(["row 2: 3 cells where the header has 2"]);
  });

  it("reads decimal commas where commas do not separate cells, and says how decimals are written where they do", () => {
    expect(rows("file;na;notes", "a.png;0,95;0,95")[0]).toMatchObject({
      numericalAperture: 0.95,
      notes: "0,95",
    });
    expect(problemsOf("file,na", 'a.png,"0,95"')).toEqual([
      'row 2, na: "0,95" is not a number: in a table between commas, decimals are set off by a point',
    ]);
  });

  it.each(["sep=;", '"sep=;"', "SEP=;\r"])("knows the separator from a first line %j", (line) => {
    const table = [line, "file;notes,of,many,kinds", "a.png;x"];
    expect(rows(...table)[0]).toMatchObject({ file: "a.png" });
    expect(problemsOf(...table, ";x")).toEqual(["row 3, file: must name a file"]);
  });

  it("tells all problems at once, with their rows", () => {
    const problems = problemsOf(
      "file,z_um,pixel_um",
      "a.png,deep,0",
      ",1,1",
      "b.png,1",
      "c.png,1,1",
      "d.png,,x",
    );
    expect(problems).toEqual([
      'row 2, z_um: "deep" is not a number',
      "row 2, pixel_um: must be above 0",
      "row 3, file: must name a file",
      "row 4: 2 cells where the header has 3",
      'row 6, pixel_um: "x" is not a number',
    ]);
  });

  it("names the missing column and those that are there", () => {
    expect(problemsOf("name,kind", "a.png,stack")).toEqual([
      'there is no column "file"; the columns are: name, kind',
    ]);
  });

  it("refuses an empty table and one with an open quote", () => {
    expect(problemsOf("")).toEqual(["the manifest is empty; it needs a header row"]);
    expect(problemsOf("file", '"a.png')[0]).toContain("it is not a CSV table");
  });
});

describe("readManifest", () => {
  const TEXT = "file\tnotes\nzellen-ü.png\tfür µm\n";
  const swapped = (bytes: Buffer) => Buffer.from(bytes).swap16();
  it.each([
    ["UTF-8", Buffer.from(TEXT)],
    ["UTF-16 with a byte order mark", Buffer.from(`\uFEFF${TEXT}`, "utf16le")],
    ["UTF-16 without one", Buffer.from(TEXT, "utf16le")],
    ["big-endian UTF-16", swapped(Buffer.from(`\uFEFF${TEXT}`, "utf16le"))],
    ["big-endian UTF-16 without a mark", swapped(Buffer.from(TEXT, "utf16le"))],
    ["Windows-1252", Buffer.from(TEXT, "latin1")],
  ])("reads %s", async (_, bytes) => {
    const path = join(await temporaryFolder(), "manifest.csv");
    await writeFile(path, bytes);
    expect(await readManifest(path)).toMatchObject([{ file: "zellen-ü.png", notes: "für µm" }]);
  });

  it("says that a workbook is no CSV", async () => {
    const path = join(await temporaryFolder(), "manifest.xlsx");
    await writeFile(path, Buffer.from("PK\x03\x04\x14\x00\x06\x00\xff"));
    await expect(readManifest(path)).rejects.toThrow(`${path}: it is an Excel workbook`);
  });

  it("names a column that is there twice, where it matters which is meant", () => {
    const read = (header: string) => parseManifest(`${header}\na.png,in,b.png,x\n`, "m.csv");
    expect(() => read("file,focus_label,File,remark")).toThrow('m.csv: the column "file" is there twice');
    expect(read("file,focus_label,remark,remark")).toHaveLength(1);
  });

  it("says that a manifest is missing", async () => {
    const path = join(import.meta.dirname, "none.csv");
    await expect(readManifest(path)).rejects.toThrow(`${path}: no such file or folder`);
  });
});
