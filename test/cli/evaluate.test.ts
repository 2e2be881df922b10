import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Evaluation } from "../../src/evaluation/evaluate.js";
import { type Entry, tiff } from "../frames/tiff-builder.js";
import { parfocal } from "../helpers/command.js";
import { DATA, dataFrame } from "../helpers/images.js";
import { temporaryFolder } from "../helpers/models.js";

const image = (name: string) => join(DATA, "evaluation", name);

async function manifestOf(...rows: string[]): Promise<{ folder: string; manifest: string }> {
  const folder = await temporaryFolder();
  const manifest = join(folder, "manifest.csv");
  await writeFile(manifest, ["file,kind,field_id,focus_label", ...rows].join("\n"));
  return { folder, manifest };
}

describe("parfocal evaluate", () => {
  it("writes a Markdown and a JSON report of a small manifest", async () => {
    const { folder, manifest } = await manifestOf(
      `${image("dsb_360x360_4c032609d3.png")},infocus,a,in_visual`,
      `${image("dsb_520x696_5afb7932e9.png")},outoffocus,b,out_visual`,
    );
    const { code, stdout, stderr } = await parfocal(
      "evaluate",
      manifest,
      "--out",
      join(folder, "report"),
      "--device",
      "cpu",
    );
    expect(code, stderr).toBe(0);
    expect(stdout).toBe("");
    const evaluation = JSON.parse(
      await readFile(join(folder, "report/evaluation.json"), "utf8"),
    ) as Evaluation;
    expect(evaluation.synthetic!.frames).toBe(11);
    expect(evaluation.frames.map(({ label }) => label)).toEqual(["in", "out"]);
    expect(evaluation.peakElectrons).toBeNull();
    const page = await readFile(join(folder, "report/evaluation.md"), "utf8");
    expect(page).toContain(`\`parfocal evaluate ${manifest}`);
    expect(page).toContain(evaluation.model.sha256);
  });

  it("prints the Markdown without --out", async () => {
    const { manifest } = await manifestOf(`${image("dsb_520x696_5afb7932e9.png")},outoffocus,b,out_visual`);
    const { code, stdout, stderr } = await parfocal("evaluate", manifest, "--device", "cpu");
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/^# Evaluation of the model `default`\n/);
  });

  it("writes one page and one JSON file of several models, judged at the sampling of their optics", async () => {
    const { folder, manifest } = await manifestOf(
      `${image("dsb_520x696_5afb7932e9.png")},outoffocus,b,out_visual`,
      `${image("dsb_520x696_4ee5850b63.png")},,c,in_visual`,
    );
    const [page, json] = [join(folder, "report.html"), join(folder, "report.json")];
    const optics = ["--na", "0.95", "--pixel-um", "0.1625"];
    const models = ["--model", "default", "--model", "default"];
    const { code, stdout, stderr } = await parfocal(
      ...["evaluate", ...models, manifest, "--device", "cpu", ...optics, "--report", page, "--json", json],
    );
    expect(code, stderr).toBe(0);
    expect(stdout).toBe("");
    expect(await readFile(page, "utf8")).toContain("<h2>default (2)</h2>");
    const evaluations = JSON.parse(await readFile(json, "utf8")) as Evaluation[];
    expect(evaluations.length).toBe(2);
    for (const { frames } of evaluations) expect(frames.map(({ binning }) => binning)).toEqual([2, 2]);
  });

  it("takes the optics of a row before those of the command", async () => {
    const folder = await temporaryFolder();
    const manifest = join(folder, "manifest.csv");
    const cells = [
      "file,na,pixel_um",
      `${image("dsb_520x696_5afb7932e9.png")},0.5,0.65`,
      `${image("dsb_520x696_5afb7932e9.png")},,`,
    ];
    await writeFile(manifest, cells.join("\n"));
    const json = join(folder, "report.json");
    const { code, stderr } = await parfocal(
      ...["evaluate", manifest, "--device", "cpu", "--json", json, "--na", "0.95", "--pixel-um", "0.1625"],
    );
    expect(code, stderr).toBe(0);
    const { frames } = JSON.parse(await readFile(json, "utf8")) as Evaluation;
    expect(frames.map(({ binning, umPerLevel }) => [binning, umPerLevel])).toEqual([
      [1, 2],
      [2, expect.any(Number) as number],
    ]);
  });

  it("refuses rows whose optics cannot be, each by its image and column", async () => {
    const manifest = join(await temporaryFolder(), "manifest.csv");
    const rows = ["oil.tif,1.4,0.065,", "nm.tif,0.5,650,", "fine.tif,1.4,0.065,1.515"];
    await writeFile(manifest, ["file,na,pixel_um,refractive_index", ...rows].join("\n"));
    const { code, stderr } = await parfocal("evaluate", manifest);
    expect(code).toBe(2);
    expect(stderr).toContain("oil.tif, na: must be above 0 and at most the refractive index (1), got 1.4");
    expect(stderr).toMatch(/nm\.tif, pixel_um: must be the side of a pixel .* got 650/);
    expect(stderr).not.toContain("fine.tif");
  });

  it("names all errors of a manifest with their rows, as wrong usage; a missing one too", async () => {
    const { manifest } = await manifestOf(",infocus,a,in", "x.png,infocus");
    const { code, stderr } = await parfocal("evaluate", manifest);
    expect(code).toBe(2);
    expect(stderr).toMatch(/row 2, file: must name a file/);
    expect(stderr).toMatch(/row 3: 2 cells where the header has 4/);
    const missing = await parfocal("evaluate", `${manifest}.no`);
    expect(missing.code).toBe(2);
    expect(missing.stderr).toContain("no such file or folder");
    expect(stderr + missing.stderr).not.toMatch(/\n\s+at /);
  });

  it("evaluates labels of one kind, says which labels it does not know, and makes the folders of its reports", async () => {
    const { folder, manifest } = await manifestOf(
      `${image("dsb_520x696_5afb7932e9.png")},,b,Out of focus`,
      `${image("dsb_520x696_4ee5850b63.png")},,c,blurry`,
    );
    const json = join(folder, "new/figures.json");
    const { code, stderr } = await parfocal("evaluate", manifest, "--device", "cpu", "--json", json);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain(
      '1 row has a focus_label that begins neither with "in" nor with "out", and counts for none: blurry',
    );
    const { labelled } = JSON.parse(await readFile(json, "utf8")) as Evaluation;
    expect(labelled).toMatchObject({ inFocus: 0, outOfFocus: 1, errors: [] });
  });

  it("says where no row of a manifest tells anything to measure against", async () => {
    const folder = await temporaryFolder();
    const manifest = join(folder, "manifest.csv");
    await writeFile(manifest, `File;Label\n${image("dsb_360x360_4c032609d3.png")};sharp\n`);
    const { code, stderr } = await parfocal("evaluate", manifest, "--device", "cpu");
    expect(code, stderr).toBe(0);
    expect(stderr).toContain(
      "no row has a focus_label (in or out), a level, the kind infocus, or a stack_id",
    );
  });

  it("leaves out an image that cannot be judged, names it and keeps the others", async () => {
    const good = image("dsb_520x696_5afb7932e9.png");
    const { folder, manifest } = await manifestOf(`${good},,b,out`, "missing.png,,c,in");
    const out = join(folder, "report");
    const { code, stderr } = await parfocal("evaluate", manifest, "--device", "cpu", "--out", out);
    expect(code).toBe(3);
    expect(stderr).toMatch(/Left out: .*missing\.png: no such file/);
    const page = await readFile(join(out, "evaluation.md"), "utf8");
    expect(page).toMatch(/Left out:\n\n- .*missing\.png: no such file/);
    expect(page).toContain("| 0 | 1 |");
  });

  it("says of which files it judged the first of several pages", async () => {
    const { folder, manifest } = await manifestOf(
      "stack.tif,,a,in",
      `${image("dsb_520x696_5afb7932e9.png")},outoffocus,b,out_visual`,
    );
    const { width, height, pixels } = await dataFrame("plate/dsb_520x696_6b72b61b80.png");
    const page: Entry[] = [
      [256, 3, 1, width],
      [257, 3, 1, height],
      [258, 3, 1, 8 * pixels.BYTES_PER_ELEMENT],
      [262, 3, 1, 1],
      [273, 4, 1, 8],
      [279, 4, 1, pixels.byteLength],
    ];
    await writeFile(join(folder, "stack.tif"), tiff(new Uint8Array(pixels.buffer), [page, page]));
    const { code, stderr } = await parfocal("evaluate", manifest, "--device", "cpu");
    expect(code, stderr).toBe(0);
    const told = `Only the first page is judged of files with several: ${join(folder, "stack.tif")}.`;
    expect(stderr).toContain(told);
    expect(stderr.match(/first page/g)).toHaveLength(1);
  });

  it("refuses a manifest without rows", async () => {
    const { manifest } = await manifestOf();
    const { code, stderr } = await parfocal("evaluate", manifest);
    expect(code).toBe(2);
    expect(stderr).toContain("it names no image below its header row");
  });

  it("names an image of the manifest that cannot be read", async () => {
    const { manifest } = await manifestOf("missing.png,infocus,a,in");
    const { code, stderr } = await parfocal("evaluate", manifest, "--device", "cpu");
    expect(code).toBe(1);
    expect(stderr).toMatch(/missing\.png: no such file/);
    expect(stderr).not.toMatch(/\n\s+at |fault in Parfocal/);
  });
});
