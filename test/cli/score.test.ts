import { existsSync } from "node:fs";
import { copyFile, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parse } from "csv-parse/sync";
import { beforeAll, describe, expect, it } from "vitest";
import type { Frame } from "../../src/frames/frame.js";
import { readFrames } from "../../src/frames/read-frames.js";
import { writeTiff } from "../../src/frames/write-tiff.js";
import { focusMetrics } from "../../src/metrics/focus-metrics.js";
import { type Entry, tiff } from "../frames/tiff-builder.js";
import { type Finished, parfocal } from "../helpers/command.js";
import { DATA, dataFrame } from "../helpers/images.js";
import { temporaryFolder } from "../helpers/models.js";

const FIXTURES = join(import.meta.dirname, "../fixtures/frames");
const COLUMNS = [
  ..."file,page,plate,well,site,channel,time,z,level,expected_level,aggregate_certainty,mean_certainty,max_certainty,confidence,condition,unfamiliar".split(
    ",",
  ),
  ...Array.from({ length: 11 }, (_, k) => `probability_${k}`),
];
const GOOD = {
  plate: join(DATA, "plate/dsb_520x696_6b72b61b80.png"),
  tiff: join(FIXTURES, "grey16_be.tif"),
  disguised: join(FIXTURES, "really_a_tiff.png"),
};
/** Each bad file and what is said of it. */
const BAD: [string, RegExp][] = [
  ["broken_cut_in_pixels.tif", /pixels|end|cut|short/i],
  ["broken_cut.png", /PNG|end|cut|short/i],
  ["broken_empty.tif", /the file is empty/],
  ["broken_text.tif", /neither a TIFF nor a PNG/],
  ["broken_palette.png", /a colour palette/],
  ["small10.tif", /10 x 10 px, smaller than one 84 x 84 px patch/],
];
const bad = BAD.map(([name]) => join(FIXTURES, name));
const score = (...args: string[]) => parfocal("score", "--device", "cpu", ...args);

/** A frame as TIFF with a description, such as OME-XML. */
async function writeDescribedTiff(
  path: string,
  { width, height, pixels }: Frame,
  text: string,
): Promise<void> {
  const description = Buffer.from(`${text}\0`);
  const entries: Entry[] = [
    ...([
      [256, 4, 1, width],
      [257, 4, 1, height],
      [258, 3, 1, 8 * pixels.BYTES_PER_ELEMENT],
    ] as Entry[]),
    ...([
      [259, 3, 1, 1],
      [262, 3, 1, 1],
      [270, 2, description.length, 8 + pixels.byteLength],
    ] as Entry[]),
    ...([
      [273, 4, 1, 8],
      [277, 3, 1, 1],
      [278, 4, 1, height],
      [279, 4, 1, pixels.byteLength],
    ] as Entry[]),
  ];
  const bytes = Buffer.from(pixels.buffer, pixels.byteOffset, pixels.byteLength);
  await writeFile(path, tiff(Buffer.concat([bytes, description]), [entries]));
}

function rowsOf(csv: string): Record<string, string>[] {
  return parse(csv, { columns: true });
}

function expectNoStackTrace({ stderr }: Finished): void {
  expect(stderr).not.toMatch(/\n\s+at |Unexpected|fault in Parfocal/);
}

describe("parfocal score of good and bad files", () => {
  let finished: Finished;
  beforeAll(async () => {
    finished = await score(
      ...bad.slice(0, 3),
      GOOD.plate,
      ...bad.slice(3),
      GOOD.tiff,
      GOOD.disguised,
      join(FIXTURES, "missing.tif"),
    );
  });

  it("scores the good ones and ends with code 3", () => {
    expect(finished.code, finished.stderr).toBe(3);
    const files = rowsOf(finished.stdout).map(({ file }) => file);
    expect(files.length).toBe(3);
    expect(new Set(files)).toEqual(new Set(Object.values(GOOD)));
    expect(finished.stderr).toContain("3 pages scored, 7 not");
  });

  it.each(BAD)("names %s on standard error, once, and says why", (name, reason) => {
    const lines = finished.stderr.split("\n").filter((line) => line.includes(name));
    expect(lines.length).toBe(1);
    expect(lines[0]!.startsWith(`Not scored: ${join(FIXTURES, name)}: `)).toBe(true);
    expect(lines[0]!.slice(lines[0]!.indexOf(name) + name.length)).toMatch(reason);
  });

  it("names a missing file, and shows no stack trace", () => {
    expect(finished.stderr).toContain(`Not scored: ${join(FIXTURES, "missing.tif")}: no such file or folder`);
    expectNoStackTrace(finished);
  });

  it("has exactly the documented columns, probabilities that sum to 1 and plausible values in each", () => {
    expect(finished.stdout.split("\n")[0]).toBe(COLUMNS.join(","));
    for (const row of rowsOf(finished.stdout)) {
      const probabilities = COLUMNS.slice(16).map((column) => Number(row[column]));
      expect(probabilities.reduce((a, b) => a + b)).toBeCloseTo(1, 2);
      expect(row.page).toBe("0");
      expect(Number.isInteger(Number(row.level))).toBe(true);
      expect(Math.abs(Number(row.level) - Number(row.expected_level))).toBeLessThanOrEqual(1);
      expect(Number(row.expected_level)).toBeGreaterThanOrEqual(0);
      expect(Number(row.expected_level)).toBeLessThanOrEqual(10);
      expect(["in-focus", "defocused", "mixed", "blank", "unusable"]).toContain(row.condition);
      for (const certainty of ["aggregate_certainty", "mean_certainty", "max_certainty"]) {
        expect(Number(row[certainty])).toBeGreaterThanOrEqual(0);
        expect(Number(row[certainty])).toBeLessThanOrEqual(1);
      }
    }
  });

  it("says in one line which engine runs where", () => {
    expect(finished.stderr).toMatch(/^ONNX Runtime [\d.]+ on cpu$/m);
  });
});

describe("parfocal score", () => {
  it("ends with code 1 and no row when nothing could be scored", async () => {
    const finished = await score(...bad);
    expect(finished.code).toBe(1);
    expect(rowsOf(finished.stdout)).toEqual([]);
    expectNoStackTrace(finished);
  });

  it("says once why the pages of a file could not be scored, and how many more there were", async () => {
    const file = join(FIXTURES, "multipage16.tif");
    const { stderr } = await score(file);

    expect(stderr.split("\n").filter((line) => line.startsWith("Not scored"))).toEqual([
      `Not scored: ${file}: frame is 60 x 50 px, smaller than one 84 x 84 px patch`,
      `Not scored: ${file}: 3 more pages`,
    ]);
  });

  it.each([
    ["no path", []],
    ["an unknown option", [GOOD.tiff, "--tint"]],
    ["an unknown colour", [GOOD.tiff, "--colour", "infrared"]],
    ["an unknown format", [GOOD.tiff, "--format", "xml"]],
    ["an unknown engine", [GOOD.tiff, "--engine", "torch"]],
    ["an option given twice", [GOOD.tiff, "--out", "a", "--out", "b"]],
    ["an option without its value", [GOOD.tiff, "--out"]],
    ["an option with an empty value", [GOOD.tiff, "--out="]],
  ])("ends with code 2 and shows its usage for %s", async (_, args) => {
    const finished = await parfocal("score", ...args);
    expect(finished.code).toBe(2);
    expect(finished.stderr).toMatch(/parfocal score <paths\.\.>/);
    expectNoStackTrace(finished);
  });

  it.each([
    ["score", GOOD.tiff, "--out", "scores.xlsx"],
    ["report", "scores.XLSX"],
    ["report", "scores.csv", "--qc", "qc.ods"],
    ["merge", "a.csv", "b.xls", "--out", "c.csv"],
  ])("takes no workbook for a table: %s", async (...args) => {
    const finished = await parfocal(...args);
    expect(finished.code).toBe(2);
    expect(finished.stderr).toMatch(/\.(?:xlsx?|ods): workbooks are neither read nor written; use \.csv/i);
  });

  it.each(["scores.tsv", "scores.json", "scores.feather"])(
    "writes no CSV by the name of another format: %s",
    async (name) => {
      const out = join(await temporaryFolder(), name);
      const finished = await score(GOOD.tiff, "--out", out);
      expect(finished.stderr).toContain("is not written; end its name in .csv, .jsonl or .parquet");
      expect(finished.code).toBe(2);
      expect(existsSync(out)).toBe(false);
    },
  );

  it("names the option of this command that does without the TensorFlow that is missing", async () => {
    const finished = await parfocal("score", GOOD.tiff, "--engine", "tensorflow", "--device", "gpu");
    expect(finished.code).toBe(1);
    expect(finished.stderr).toContain("wasm needs nothing (--device wasm;");
  });

  it("names a device that does not exist and lists the known ones", async () => {
    const finished = await parfocal("score", GOOD.tiff, "--device", "tpu");
    expect(finished.code).toBe(1);
    expect(finished.stderr).toContain('unknown device "tpu"; known: auto, cuda, webgpu, cpu');
    expectNoStackTrace(finished);
  });

  it("writes JSON lines with the columns as keys and numbers as numbers, each page a line", async () => {
    const folder = await temporaryFolder();
    await copyFile(GOOD.tiff, join(folder, "z2.tif"));
    await copyFile(GOOD.tiff, join(folder, "z10.tif"));
    const { code, stdout, stderr } = await score(folder, "--format", "jsonl");
    expect(code, stderr).toBe(0);
    const rows = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(rows.map(({ file }) => file)).toEqual([join(folder, "z2.tif"), join(folder, "z10.tif")]);
    for (const row of rows) {
      expect(Object.keys(row)).toEqual(COLUMNS);
      expect(typeof row.probability_10).toBe("number");
    }
  });

  it("writes rows to --out, pictures to --overlay and maps to --masks", async () => {
    const folder = await temporaryFolder();
    const [out, overlay, masks] = ["scores.csv", "pictures", "maps"].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    const { code, stdout, stderr } = await score(
      GOOD.tiff,
      "--out",
      out,
      "--overlay",
      overlay,
      "--masks",
      masks,
    );
    expect(code, stderr).toBe(0);
    expect(stdout).toBe("");
    expect(rowsOf(await readFile(out, "utf8")).length).toBe(1);
    expect((await readdir(overlay)).sort()).toEqual(["grey16_be.tif-0-overlay.png", "legend.svg"]);
    const maps = ["certainty", "level", "valid"].map((kind) => `grey16_be.tif-0-${kind}.png`);
    expect((await readdir(masks)).sort()).toEqual(maps);
    for (const map of maps) {
      for await (const { frame } of readFrames(join(masks, map))) {
        expect([frame.width, frame.height, frame.pixels instanceof Uint16Array]).toEqual([100, 90, true]);
      }
    }
  });

  it("scores images that share a folder with their pictures and maps, and takes none of these for images", async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, "plate"));
    for (const name of ["a.tif", "plate/b.tif"]) await copyFile(GOOD.tiff, join(folder, name));
    const images = [join(folder, "a.tif"), join(folder, "plate/b.tif")];
    const filesOf = ({ stdout }: Finished) => rowsOf(stdout).map(({ file }) => file);

    const beside = await score(folder, "--overlay", folder, "--masks", folder);
    expect(await readdir(join(folder, "plate"))).toContain("b.tif-0-overlay.png");

    expect(filesOf(beside)).toEqual(images);
    expect(filesOf(await score(folder))).toEqual(images);
    const found = filesOf(await score(join(folder, "*", "*.*")));
    expect(found.map((file) => resolve(file!))).toEqual([images[1]]);
    const again = await readdir(join(folder, "plate"));
    const named = again.map((name) => join(folder, "plate", name));
    expect(filesOf(await score(...named, "--overlay", join(folder, "plate")))).toEqual([images[1]]);
  }, 60_000);

  it("leaves out the pictures of a file whose name is too long for theirs, says so, and goes on", async () => {
    const folder = await temporaryFolder();
    const long = `a${"x".repeat(245)}.tif`;
    for (const name of [long, "b.tif"]) await copyFile(GOOD.tiff, join(folder, name));
    const overlay = await temporaryFolder();
    const { code, stdout, stderr } = await score(folder, "--overlay", overlay);

    expect(code, stderr).toBe(3);
    expect(rowsOf(stdout).map(({ file }) => file)).toEqual([join(folder, long), join(folder, "b.tif")]);
    expect(stderr).toContain(
      `Not drawn: ${join(overlay, `${long}-0-overlay.png`)}: cannot be written: the name is too long`,
    );
    expect((await readdir(overlay)).sort()).toEqual(["b.tif-0-overlay.png", "legend.svg"]);
  });

  it.each(["--out", "--overlay", "--masks"])(
    "names a place that %s cannot be written to, without a stack trace",
    async (option) => {
      const folder = await temporaryFolder();
      await writeFile(join(folder, "file"), "");
      await mkdir(join(folder, "folder"));
      const place = option === "--out" ? join(folder, "folder") : join(folder, "file", "below");
      const finished = await score(GOOD.tiff, option, place);
      expect(finished.code).toBe(1);
      expect(finished.stderr).toContain(place);
      expect(finished.stderr).toMatch(/cannot be (written|made)/);
      expect(finished.stdout).toBe("");
      expectNoStackTrace(finished);
    },
  );
});

describe("parfocal score --metrics", () => {
  it("adds a column for each classical measure, in CSV and in JSON lines alike", async () => {
    const both = ["csv", "jsonl"].map((format) => score(GOOD.plate, "--metrics", "--format", format));
    const [csv, lines] = (await Promise.all(both)) as [Finished, Finished];
    const row = JSON.parse(lines.stdout) as Record<string, unknown>;
    const metrics = focusMetrics(await dataFrame("plate/dsb_520x696_6b72b61b80.png"));

    expect(Object.keys(row)).toEqual([...COLUMNS, ...Object.keys(metrics)]);
    expect(Object.keys(rowsOf(csv.stdout)[0]!)).toEqual(Object.keys(row));
    for (const [name, value] of Object.entries(metrics)) {
      expect(row[name]).toBe(Number(value.toPrecision(7)));
      expect(Number(rowsOf(csv.stdout)[0]![name])).toBe(row[name]);
    }
  });
});

describe("parfocal score with optics", () => {
  const optics = (...args: string[]) => score(GOOD.plate, "--format", "jsonl", ...args);
  const rowOf = ({ stdout }: Finished) => JSON.parse(stdout) as Record<string, number>;

  it("adds the distance from focus in um, at the frame's own sampling", async () => {
    const [plain, same, oversampled] = await Promise.all([
      optics(),
      optics("--na", "0.5", "--pixel-um", "0.65"),
      optics("--na", "0.5", "--pixel-um", "0.325"),
    ]);
    expect(rowOf(plain)).not.toHaveProperty("defocus_um");
    expect(rowOf(same).expected_level).toBe(rowOf(plain).expected_level);
    for (const row of [rowOf(same), rowOf(oversampled)]) {
      expect(Math.round(row.defocus_um! / 2)).toBe(row.level);
    }
    expect(rowOf(oversampled).expected_level).not.toBe(rowOf(plain).expected_level);
  });

  it("names a file that does not say how large a pixel is", async () => {
    const { code, stderr } = await optics("--na", "0.5");
    expect(code).toBe(1);
    expect(stderr).toContain(
      `Not scored: ${GOOD.plate}: the file does not say how large a pixel is in the sample: give --pixel-um`,
    );
  });

  it("names a file that says what no pixel can be, and asks for the true size", async () => {
    const file = join(await temporaryFolder(), "dpi.tif");
    const frame = await dataFrame("plate/dsb_520x696_6b72b61b80.png");
    await writeTiff(file, frame, { pixelUm: 352.8 });
    const { code, stderr } = await score(file, "--na", "0.5");
    expect(code).toBe(1);
    expect(stderr).toContain(
      `Not scored: ${file}: the file says that a pixel is 352.8 um large, which cannot be: give --pixel-um`,
    );
  });

  it("doubts pixels that are most likely the camera's, and judges all the same", async () => {
    const { code, stderr } = await optics("--na", "0.5", "--pixel-um", "6.5");
    expect(code, stderr).toBe(0);
    expect(stderr).toContain("Pixels of 6.5 um are far too coarse for NA 0.5");
    expect((await optics("--na", "0.5", "--pixel-um", "2.6")).stderr).not.toContain("too coarse");
  });

  it("judges a file that tells its pixel alone as any objective with such pixels wants, and says so once", async () => {
    const folder = await temporaryFolder();
    const frame = await dataFrame("plate/dsb_520x696_6b72b61b80.png");
    for (const name of ["a.tif", "b.tif"]) await writeTiff(join(folder, name), frame, { pixelUm: 0.108 });
    const [alone, known] = await Promise.all([
      score(folder, "--format", "jsonl"),
      score(folder, "--format", "jsonl", "--na", "1.4", "--refractive-index", "1.515"),
    ]);
    expect(alone.code, alone.stderr).toBe(0);
    const rows = [alone, known].map(
      ({ stdout }) => JSON.parse(stdout.split("\n")[0]!) as Record<string, number>,
    );
    expect(rows[0]!.expected_level).toBe(rows[1]!.expected_level);
    expect(rows[0]).not.toHaveProperty("defocus_um");
    expect(alone.stderr.match(/the aperture is not known; judged binned 2 x 2/g)).toHaveLength(1);
    expect(known.stderr).not.toContain("aperture");
  });

  it("judges a file that tells its objective at its own sampling, unless the command line says otherwise", async () => {
    const file = join(await temporaryFolder(), "a.ome.tif");
    const lens = '<Instrument><Objective ID="Objective:0" LensNA="0.8"/></Instrument>';
    const image = '<Image ID="Image:0"><Pixels PhysicalSizeX="0.2"><TiffData/></Pixels></Image>';
    const frame = await dataFrame("plate/dsb_520x696_6b72b61b80.png");
    await writeDescribedTiff(file, frame, `<OME>${lens}${image}</OME>`);
    const level = async (...args: string[]) => {
      const { code, stdout, stderr } = await score(file, "--format", "jsonl", ...args);
      expect(code, stderr).toBe(0);
      expect(stderr).not.toContain("aperture");
      return (JSON.parse(stdout) as Record<string, number>).expected_level;
    };
    expect(await level()).toBe(await level("--na", "0.8"));
    expect(await level()).not.toBe(await level("--na", "0.95", "--pixel-um", "0.4"));
  });

  it("gives no distance from focus of an image that shows nothing", async () => {
    const file = join(await temporaryFolder(), "empty.tif");
    await writeTiff(file, { width: 100, height: 90, pixels: new Uint16Array(9000).fill(7) });
    const { stdout } = await score(file, "--na", "0.5", "--pixel-um", "0.65");
    expect(rowsOf(stdout)[0]).toMatchObject({ condition: "blank", defocus_um: "" });
  });

  it.each([
    ["the image is too small for more", "not binned", { width: 150, height: 150 }, []],
    ["the image is too small for more", "not binned", { width: 150, height: 150 }, ["--na", "1.4"]],
    ["more is not done", "binned 4 x 4", { width: 400, height: 400 }, ["--na", "1.4"]],
  ])("says that pixels stay too small where %s: judged %s", async (reason, how, { width, height }, args) => {
    const file = join(await temporaryFolder(), "beads.tif");
    const pixels = Uint16Array.from({ length: width * height }, (_, i) => (i * 7919) % 251);
    await writeTiff(file, { width, height, pixels }, { pixelUm: 0.0225 });
    const optics = args.length > 0 ? [...args, "--refractive-index", "1.515"] : [];
    const { code, stderr } = await score(file, ...optics);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain(`judged ${how}, less than they want, as ${reason}`);
    expect(stderr).not.toContain("as the size of its pixels wants");
  });

  it("says nothing of the optics of an image that is too small to be judged", async () => {
    const file = join(await temporaryFolder(), "crop.tif");
    await writeTiff(file, { width: 59, height: 50, pixels: new Uint16Array(2950) }, { pixelUm: 0.1 });
    const { stderr } = await score(file);
    expect(stderr).toContain("smaller than one 84 x 84 px patch");
    expect(stderr).not.toContain("judged");
  });

  it("says what a file tells of its pixels where that cannot be", async () => {
    const file = join(await temporaryFolder(), "scan.tif");
    await writeTiff(file, { width: 100, height: 90, pixels: new Uint16Array(9000) }, { pixelUm: 390 });
    expect((await score(file)).stderr).toContain("says that a pixel is 390 um large, which cannot be");
  });

  it("says once where nobody tells how large a pixel is", async () => {
    const { stderr } = await score(GOOD.plate, GOOD.plate.replace("6b72b61b80", "175dbb364b"));
    expect(stderr.match(/does not say how large a pixel is in the sample/g)).toHaveLength(1);
  });

  it.each([
    [["--na", "1.2"], "--na must be above 0 and at most the refractive index (1), got 1.2"],
    [["--na", "0.5", "--pixel-um", "0"], "in um, 0.005 to 100, got 0"],
    [["--na", "0.5", "--pixel-um", "650"], "in um, 0.005 to 100, got 650"],
    [["--na", "0.5", "--pixel-um", "0.00065"], "in um, 0.005 to 100, got 0.00065"],
    [["--refractive-index", "3"], "--refractive-index must be 1 to 2, got 3"],
  ])("refuses optics that cannot be: %j", async (args, message) => {
    const { code, stderr } = await optics(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});

describe("parfocal score of a plate", () => {
  it("tells plate, well, site, channel, time and z, and keeps the folders of its pictures", async () => {
    const folder = await temporaryFolder();
    const images = ["P7/TimePoint_2/ZStep_3/P7_B07_s1_w2.tif", "P7/A01/x.tif", "P7/B01/x.tif"];
    for (const image of images) {
      await mkdir(join(folder, image, ".."), { recursive: true });
      await copyFile(GOOD.tiff, join(folder, image));
    }
    await copyFile(GOOD.tiff, join(folder, "P7/TimePoint_2/ZStep_3/P7_B07_s1_w2_thumb.tif"));
    await symlink(folder, join(folder, "P7/up"));
    const pictures = join(folder, "pictures");
    const { code, stdout, stderr } = await score(join(folder, "P7"), "--overlay", pictures);

    expect(code, stderr).toBe(0);
    const rows = rowsOf(stdout).map(({ plate, well, site, channel, time, z }) => [
      plate,
      well,
      site,
      channel,
      time,
      z,
    ]);
    expect(rows).toEqual([
      ["P7", "A01", "A01_x", "", "", ""],
      ["P7", "B01", "B01_x", "", "", ""],
      ["P7", "B07", "1", "w2", "2", "3"],
    ]);
    expect(
      (await readdir(pictures, { recursive: true })).filter((name) => name.endsWith(".png")).toSorted(),
    ).toEqual([
      "A01/x.tif-0-overlay.png",
      "B01/x.tif-0-overlay.png",
      "TimePoint_2/ZStep_3/P7_B07_s1_w2.tif-0-overlay.png",
    ]);
  });

  it("reads names by a pattern, and refuses one that is wrong", async () => {
    const folder = await temporaryFolder();
    const image = join(folder, "screen-C03-f12-DAPI.tif");
    await copyFile(GOOD.tiff, image);
    const pattern = "(?P<Plate>.+)-(?P<Well>[A-P][0-9]{2})-f(?P<Site>[0-9]+)-(?P<Channel>.+)[.]tif";
    const { stdout } = await score(image, "--name-pattern", pattern);

    expect(rowsOf(stdout)[0]).toMatchObject({ plate: "screen", well: "C03", site: "12", channel: "DAPI" });
    const wrong = await score(image, "--name-pattern", "(?P<Colour>.+)");
    expect(wrong.code).not.toBe(0);
    expect(wrong.stderr).toContain("no group of a name that is known");
  });
});

it("names a file of each kind of microscope files that it passes by, and scores the rest", async () => {
  const folder = await temporaryFolder();
  await mkdir(join(folder, "raw"));
  await copyFile(GOOD.plate, join(folder, "a.png"));
  for (const name of ["b.nd2", "c.nd2", "raw/d.C01", "raw/e.bmp", "f.ome.zarr.zip", "g.zip", "notes.txt"])
    await writeFile(join(folder, name), "x");

  const { code, stdout, stderr } = await score(folder);

  expect(code).toBe(0);
  expect(rowsOf(stdout)).toHaveLength(1);
  const said = stderr.split("\n").filter((line) => line.startsWith("Not scored:"));
  // The order is that of the disk.
  expect(said.toSorted()).toEqual([
    expect.stringMatching(
      /[bc]\.nd2: files that end in \.nd2 are not read: export TIFF or convert them to OME-Zarr, or use parfocal send/,
    ),
    `Not scored: ${join(folder, "f.ome.zarr.zip")}: files that end in .zarr.zip are not read: unpack them to folders that end in .zarr (docs/files.md)`,
    `Not scored: ${join(folder, "raw", "d.C01")}: files that end in .c01 are not read: export TIFF or convert them to OME-Zarr (docs/files.md)`,
    `Not scored: ${join(folder, "raw", "e.bmp")}: files that end in .bmp are not read: save TIFF or PNG, without losses (docs/files.md)`,
  ]);
});

it("names the files of a data set that are missing, once", async () => {
  const folder = await temporaryFolder();
  const names = ["s_0.ome.tif", "s_1.ome.tif", "s_2.ome.tif"];
  const block = (name: string, z: number) =>
    `<TiffData FirstZ="${z}" IFD="0" PlaneCount="1"><UUID FileName="${name}">u${z}</UUID></TiffData>`;
  const xml = `<OME><Image ID="Image:0"><Pixels DimensionOrder="XYZCT" SizeC="1" SizeZ="3" SizeT="1">${names.map(block).join("")}</Pixels></Image></OME>`;
  const text = Buffer.from(`${xml}\0`);
  const side = 100;
  const pixels = Buffer.from(Array.from({ length: side * side }, (_, i) => (i * 37) % 251));
  const page: Entry[] = [
    [256, 3, 1, side],
    [257, 3, 1, side],
    [258, 3, 1, 8],
    [262, 3, 1, 1],
    [270, 2, text.length, 8 + pixels.length],
    [273, 4, 1, 8],
    [279, 4, 1, pixels.length],
  ];
  for (const name of [names[0]!, names[2]!]) {
    await writeFile(join(folder, name), tiff(Buffer.concat([pixels, text]), [page]));
  }

  const { code, stdout, stderr } = await score(folder);

  expect(code).toBe(0);
  expect(rowsOf(stdout)).toHaveLength(2);
  expect(stderr.match(/Not scored, because missing: (.*), of the data set/)?.[1]).toBe(
    join(folder, names[1]!),
  );
  expect(stderr.match(/because missing/g)).toHaveLength(1);
});
