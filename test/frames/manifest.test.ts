import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../src/errors.js";
import { parseManifest, readManifest } from "../../src/frames/manifest.js";

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
  it("says that a manifest is missing", async () => {
    const path = join(import.meta.dirname, "none.csv");
    await expect(readManifest(path)).rejects.toThrow(`${path}: no such file or folder`);
  });
});
