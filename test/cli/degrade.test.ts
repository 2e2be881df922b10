import { copyFile, cp, mkdir, readdir, readFile } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { describe, expect, it } from "vitest";
import type { Frame } from "../../src/frames/frame.js";
import { readFrames } from "../../src/frames/read-frames.js";
import { Defocus, toFloat } from "../../src/optics/defocus.js";
import { pointSpread, REFERENCE_OPTICS } from "../../src/optics/point-spread-function.js";
import { parfocal } from "../helpers/command.js";
import { DATA } from "../helpers/images.js";
import { temporaryFolder } from "../helpers/models.js";

const FIXTURES = join(import.meta.dirname, "../fixtures/frames");
const SHARP = join(FIXTURES, "grey16_le.tif");

async function frameIn(path: string): Promise<Frame> {
  for await (const { frame } of readFrames(path)) return frame;
  throw new Error(`${path} holds no frame`);
}

describe("parfocal degrade", () => {
  it("writes the same bytes for the same seed, others for another", async () => {
    const folder = await temporaryFolder();
    const noisy = async (name: string, seed: string) => {
      const out = join(folder, name);
      const { code, stderr } = await parfocal(
        "degrade",
        SHARP,
        "--out",
        out,
        "--level",
        "3",
        "--electrons-per-count",
        "0.2",
        "--seed",
        seed,
      );
      expect(code, stderr).toBe(0);
      return readFile(join(out, "grey16_le.tif"));
    };
    const first = await noisy("a", "7");
    expect((await noisy("b", "7")).equals(first)).toBe(true);
    expect((await noisy("c", "8")).equals(first)).toBe(false);
  });

  it("blurs without noise as the optics do, --level k as --z-um 2 k, and adds gain and offset", async () => {
    const out = await temporaryFolder();
    const degrade = async (name: string, ...options: string[]) => {
      const { code, stderr } = await parfocal("degrade", SHARP, "--out", join(out, name), ...options);
      expect(code, stderr).toBe(0);
      return frameIn(join(out, name, "grey16_le.tif"));
    };
    const byLevel = await degrade("level", "--level", "4");
    const byZ = await degrade("z", "--z-um", "-8");
    expect(byZ.pixels).toEqual(byLevel.pixels);
    const source = await frameIn(SHARP);
    const blurred = new Defocus(source.width, source.height).apply(toFloat(source), 8);
    expect(byLevel.pixels).toEqual(
      Uint16Array.from(blurred, (value) => Math.min(65_535, Math.max(0, Math.round(value)))),
    );
    const paper = new Defocus(source.width, source.height, REFERENCE_OPTICS, pointSpread);
    expect((await degrade("paper", "--level", "4", "--paper-formula")).pixels).toEqual(
      Uint16Array.from(paper.apply(toFloat(source), 8), (value) =>
        Math.min(65_535, Math.max(0, Math.round(value))),
      ),
    );
    const changed = await degrade("gain", "--level", "4", "--gain", "0.5", "--offset", "300");
    expect(changed.pixels).toEqual(
      Uint16Array.from(blurred, (value) => Math.round(Math.max(0, value) * 0.5 + 300)),
    );
  });

  it.each([[[]], [["--level", "2", "--z-um", "4"]]])(
    "needs exactly one of --level and --z-um: refuses %j as wrong usage",
    async (options) => {
      const { code, stderr } = await parfocal("degrade", SHARP, "--out", "unused", ...options);
      expect(code).toBe(2);
      expect(stderr).toContain("Give one of --level and --z-um");
    },
  );

  it("leaves out a file that cannot be read, names it, writes the others and ends with code 3", async () => {
    const out = await temporaryFolder();
    const { code, stderr } = await parfocal(
      "degrade",
      join(FIXTURES, "broken_text.tif"),
      SHARP,
      "--out",
      out,
      "--level",
      "1",
    );
    expect(code).toBe(3);
    expect(stderr).toMatch(/Skipped: .*broken_text\.tif: this is neither a TIFF nor a PNG/);
    expect(await readdir(out)).toEqual(["grey16_le.tif"]);
  });

  /** A folder with copies of images under other names. */
  async function folderOf(images: Readonly<Record<string, string>>): Promise<string> {
    const folder = await temporaryFolder();
    for (const [name, image] of Object.entries(images)) {
      await mkdir(join(folder, dirname(name)), { recursive: true });
      await copyFile(join(FIXTURES, image), join(folder, name));
    }
    return folder;
  }

  async function filesIn(folder: string): Promise<string[]> {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile());
    return files
      .map(({ parentPath, name }) =>
        join(parentPath, name)
          .slice(folder.length + 1)
          .split(sep)
          .join("/"),
      )
      .sort();
  }

  it("keeps subfolders and names, and tells images that would share a name apart", async () => {
    const folder = await folderOf({
      "A01/img.tif": "grey16_le.tif",
      "A02/img.tif": "grey16_be.tif",
      "a.tif": "grey16_le.tif",
      "a.png": "really_a_tiff.png",
      "Plate_B07_s1_w1.png": "really_a_tiff.png",
      "s.tif": "imagej_one_directory.tif",
      "s-1.tif": "grey16_le.tif",
    });
    await cp(join(FIXTURES, "../zarr/plate05.ome.zarr"), join(folder, "p.zarr"), { recursive: true });
    const out = await temporaryFolder();
    const { code, stderr } = await parfocal("degrade", folder, "--out", out, "--level", "1");

    expect(code, stderr).toBe(0);
    const files = await filesIn(out);
    expect(files.filter((file) => !file.startsWith("p.zarr/"))).toEqual([
      "A01/img.tif",
      "A02/img.tif",
      "Plate_B07_s1_w1.tif",
      "a.png-0.tif",
      "a.tif-0.tif",
      "s-1.tif",
      "s.tif",
      "s.tif-1.tif",
      "s.tif-2.tif",
    ]);
    expect(files).toEqual(
      expect.arrayContaining(["p.zarr/A/1/0.tif", "p.zarr/A/1/0-1.tif", "p.zarr/A/1/1.tif"]),
    );
  });

  it("overwrites neither the images nor earlier copies: it says what is there, and writes nothing", async () => {
    const folder = await folderOf({
      "a.tif": "grey16_le.tif",
      "b.tif": "grey16_le.tif",
      "c.png": "grey16_be.tif",
    });
    const { code, stderr } = await parfocal("degrade", folder, "--out", folder, "--level", "3");

    expect(code).toBe(1);
    expect(stderr).toContain(
      `${join(folder, "a.tif")}: is there already, and 1 more: nothing is overwritten; choose another --out`,
    );
    expect(await filesIn(folder)).toEqual(["a.tif", "b.tif", "c.png"]);
    expect(await readFile(join(folder, "a.tif"))).toEqual(await readFile(SHARP));
  });

  it("leaves a later page out where a file of its name is there", async () => {
    const folder = await folderOf({
      "in/s.tif": "imagej_one_directory.tif",
      "out/s.tif-1.tif": "grey16_le.tif",
    });
    const out = join(folder, "out");
    const { code, stderr } = await parfocal("degrade", join(folder, "in"), "--out", out, "--level", "1");

    expect(code).toBe(3);
    expect(stderr).toContain(`${join(out, "s.tif-1.tif")} is there already`);
    expect(await filesIn(out)).toEqual(["s.tif", "s.tif-1.tif", "s.tif-2.tif"]);
    expect(await readFile(join(out, "s.tif-1.tif"))).toEqual(await readFile(SHARP));
  });

  it("leaves out a page whose copy's name is too long, and goes on", async () => {
    const long = `a${"x".repeat(250)}.tif`;
    const folder = await folderOf({ [long]: "imagej_one_directory.tif", "b.tif": "grey16_le.tif" });
    const out = await temporaryFolder();
    const { code, stderr } = await parfocal("degrade", folder, "--out", out, "--level", "1");

    expect(code).toBe(3);
    expect(stderr).toMatch(/Skipped: .*-1\.tif: cannot be written: the name is too long/);
    expect(await filesIn(out)).toEqual([long, "b.tif"]);
  });

  it("names a place that cannot be written to, without a stack trace", async () => {
    const place = join(SHARP, "below");
    const { code, stderr } = await parfocal("degrade", SHARP, "--out", place, "--level", "1");
    expect(code).toBe(1);
    expect(stderr).toContain(place);
    expect(stderr).not.toMatch(/\n\s+at |fault in Parfocal/);
  });

  it("blurs by levels of the optics that are stated, as score reads them", async () => {
    const folder = await temporaryFolder();
    const image = join(DATA, "plate/dsb_520x696_6b72b61b80.png");
    const optics = ["--na", "0.75", "--pixel-um", "0.325"];
    const made = await parfocal("degrade", image, "--out", folder, "--level", "4", ...optics);
    expect(made.code, made.stderr).toBe(0);
    const { stdout } = await parfocal("score", folder, "--device", "cpu", "--format", "jsonl", ...optics);
    expect(Math.abs((JSON.parse(stdout) as { expected_level: number }).expected_level - 4)).toBeLessThan(0.7);
  });

  it.each([
    [["--level", "40"], "--level must be 0 to 10, got 40"],
    [["--level", "-2"], "--level must be 0 to 10, got -2"],
    [["--z-um", "6", "--na", "1.4"], "--na must be above 0 and at most the refractive index (1), got 1.4"],
    [["--z-um", "6", "--pixel-um", "650"], "in um, 0.005 to 100, got 650"],
    [["--z-um", "6", "--wavelength-nm", "0.5"], "--wavelength-nm must be 200 to 2000, got 0.5"],
    [["--z-um", "6", "--gain", "-1"], "--gain must be above 0, got -1"],
    [["--z-um", "6", "--electrons-per-count", "0"], "--electrons-per-count must be above 0, got 0"],
    [["--z-um", "6", "--read-noise", "-3"], "--read-noise must not be negative, got -3"],
  ])("refuses %j, which no microscope has, as wrong usage", async (flags, reason) => {
    const folder = await temporaryFolder();
    const { code, stderr } = await parfocal("degrade", "any.tif", "--out", folder, ...flags);
    expect(code).toBe(2);
    expect(stderr).toContain(reason);
  });
});
