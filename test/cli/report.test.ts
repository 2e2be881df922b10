import { copyFile, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { verdictOf } from "../../src/agent/verdict.js";
import type { FrameMessage, OutcomeMessage } from "../../src/protocol/messages.js";
import { RefocusPolicy } from "../../src/refocus/policy.js";
import { type PolicySettings, rulesFor } from "../../src/refocus/thresholds.js";
import { parfocal } from "../helpers/command.js";
import { frame, report, settings } from "../refocus/helpers.js";

let folder: string;

/** What the policy makes of four sites: in focus, recovered, out of its limits, and blank. */
function outcomes(): OutcomeMessage[] {
  const policy = new RefocusPolicy({ ...settings, sharp: "absolute", retries: 3, zLimitsUm: [-2, 20] });
  const at = (name: string, fields: Partial<FrameMessage> = {}) => frame({ ...fields, site: { name } });
  return [
    policy.judge(at("A1"), report(0.4)),
    policy.judge(at("A2"), report(4)),
    policy.judge(at("A2", { attempt: 1, zUm: 8 }), report(0.3)),
    policy.judge(at("A3"), report(6)),
    policy.judge(at("A3", { attempt: 1, zUm: 12 }), report(9)),
    policy.judge(at("A3", { attempt: 2, zUm: -2 }), report(5)),
    policy.judge(at("A4"), report(9, { condition: "blank" })),
  ].flatMap((judgement) => judgement.outcomes);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "parfocal-report-"));
  const lines = outcomes().map((outcome) => JSON.stringify({ ...outcome, recordedMs: 0 }));
  await writeFile(join(folder, "results.jsonl"), `${lines.join("\n")}\n{"torn`);
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe("parfocal report", () => {
  test("says what was recovered, what was given up and why, what it cost, and where to look", async () => {
    const { code, stdout, stderr } = await parfocal("report", folder);

    expect(code).toBe(0);
    expect(stderr).toContain("1 lines could not be read");
    expect(stdout).toMatch(/in focus at once +1/);
    expect(stdout).toMatch(/recovered +1 of 2 blurred \(50\.0 %\)/);
    expect(stdout).toMatch(/given up: limits +1/);
    expect(stdout).toMatch(/not judged: blank +1/);
    expect(stdout).toMatch(/extra exposures +3 \(0\.75 a site\)/);
    expect(stdout).toMatch(/focus drive moved +34\.0 um/);
    expect(stdout).toMatch(/A3 +- +- +6\.0 -> 5\.0 +-2\.0 +0\.0:6\.0 12\.0:9\.0 -2\.0:5\.0 +limits/);
  });

  test("reads a file that an editor has saved anew, with a byte order mark and line breaks of Windows", async () => {
    const saved = await mkdtemp(join(tmpdir(), "parfocal-report-"));
    onTestFinished(() => rm(saved, { recursive: true, force: true }));
    const lines = outcomes().map((outcome) => JSON.stringify({ ...outcome, recordedMs: 0 }));
    await writeFile(join(saved, "results.jsonl"), `\uFEFF${lines.join("\r\n")}\r\n`);

    const { stdout, stderr } = await parfocal("report", saved, "--json");

    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toMatchObject({ sites: 4, inFocus: 1, recovered: 1 });
  });

  test("gives the same as JSON", async () => {
    const { stdout } = await parfocal("report", join(folder, "results.jsonl"), "--json");

    expect(JSON.parse(stdout)).toMatchObject({
      sites: 4,
      inFocus: 1,
      recovered: 1,
      givenUp: { limits: 1 },
      unknown: { blank: 1 },
      blurrier: 0,
      extraExposures: 3,
    });
  });

  test("counts the sites that nobody judged, and gives no share of recovered ones then", async () => {
    const cut = await mkdtemp(join(tmpdir(), "parfocal-report-"));
    onTestFinished(() => rm(cut, { recursive: true, force: true }));
    const whys = ["unscored", "unscored", "no-frame", "skipped"] as const;
    const abandoned = whys.map((why, i) => ({
      ...{ v: 1, type: "abandon", session: "s", site: { name: `B${i + 1}` }, why, reason: "so it is" },
    }));
    // One was recovered before the agent was killed, and it did not come back before the last site.
    const lines = [...outcomes().slice(1, 2), ...abandoned].map((record) =>
      JSON.stringify({ ...record, recordedMs: 0 }),
    );
    await writeFile(join(cut, "results.jsonl"), `${lines.join("\n")}\n`);

    const { stdout } = await parfocal("report", cut);

    expect(stdout).toMatch(/sites \(each channel and time point\) +5/);
    expect(stdout).toMatch(/recovered +1 of 1 known to be blurred; 4 sites were not judged/);
    expect(stdout).toMatch(/not judged: unscored +2/);
    expect(stdout).toMatch(/not judged: no-frame +1/);
    expect(stdout).toMatch(/not judged: skipped +1/);
    expect(stdout).not.toContain("%");
    for (const i of [1, 2, 3, 4]) expect(stdout).toMatch(new RegExp(`B${i} .*`));
  });

  test("names sites that were only watched and are out of focus", async () => {
    const watched = await mkdtemp(join(tmpdir(), "parfocal-report-"));
    onTestFinished(() => rm(watched, { recursive: true, force: true }));
    const watching: PolicySettings = { ...settings, sharp: "absolute" };
    const lines = [5, 0.3].map((level, i) => {
      const header = frame({ mode: "observe", id: `f${i}`, site: { name: `C${i + 1}` } });
      const whole = report(level);
      const judgement = new RefocusPolicy(watching).judge(header, whole);
      const timings = { queueMs: 0, scoreMs: 0, totalMs: 0 };
      const rules = rulesFor(watching, header.channel);
      const verdict = verdictOf(
        header,
        whole,
        judgement,
        rules,
        { name: "m", sha256: "0".repeat(64) },
        timings,
      );
      return JSON.stringify({ ...verdict, frame: header, recordedMs: i });
    });
    await writeFile(join(watched, "results.jsonl"), `${lines.join("\n")}\n`);
    const { stdout } = await parfocal("report", watched);

    expect(stdout).toMatch(/only watched: flagged +1/);
    expect(stdout).toMatch(/To look at:\n\n.*\n +C1 .* flagged/);
    expect(stdout).not.toMatch(/ C2 /);
  });

  test("of several runs has sites that were imaged again as the last run found them", async () => {
    const again = await mkdtemp(join(tmpdir(), "parfocal-report-"));
    onTestFinished(() => rm(again, { recursive: true, force: true }));
    const outcome = (session: string, name: string, recovered: "yes" | "no") => {
      const found = outcomes().find((given) => given.recovered === recovered);
      return JSON.stringify({ ...found, session, site: { name }, recordedMs: 0 });
    };
    const lines = [
      ...[outcome("first", "A1", "no"), outcome("first", "A2", "no"), outcome("first", "A3", "yes")],
      ...[outcome("second", "A1", "yes"), outcome("second", "A3", "no")],
    ];
    await writeFile(join(again, "results.jsonl"), `${lines.join("\n")}\n`);
    const listed = async (...more: string[]) => {
      await parfocal("report", again, "--reimage", join(again, "list.csv"), ...more);
      const list = await readFile(join(again, "list.csv"), "utf8");
      return list
        .trim()
        .split("\n")
        .slice(1)
        .map((line) => line.split(",")[3]);
    };

    expect(await listed()).toEqual(["A2", "A3"]);
    expect(await listed("--session", "first")).toEqual(["A1", "A2"]);
  });

  test("refuses a focus map of a channel that has none", async () => {
    const map = join(folder, "map.csv");
    const options = ["--focus-map", map, "--map-format", "squid", "--map-channel", "GFP"];

    const { code, stderr } = await parfocal("report", folder, ...options);

    expect([code, stderr]).toEqual([1, expect.stringContaining("has the channel GFP; there are: none")]);
    await expect(readFile(map)).rejects.toThrow("ENOENT");
  });

  test("refuses a file that holds no results, and one that is not there", async () => {
    const foreign = join(folder, "notes.txt");
    await writeFile(foreign, "hello\n");

    const [ofNotes, ofNothing] = await Promise.all([
      parfocal("report", foreign),
      parfocal("report", join(folder, "scores.csv")),
    ]);

    expect(ofNotes).toMatchObject({ code: 1, stdout: "" });
    expect(ofNotes.stderr).toContain(`${foreign}: these are no results of an agent`);
    expect(ofNothing).toMatchObject({ code: 1 });
    expect(ofNothing.stderr).toBe(`${join(folder, "scores.csv")}: cannot be read: no such file or folder\n`);
  });

  test("writes the positions to image again as the page does, and a page with their wells", async () => {
    const out = await mkdtemp(join(tmpdir(), "parfocal-report-"));
    onTestFinished(() => rm(out, { recursive: true, force: true }));
    const write = (name: string, ...more: string[]) =>
      parfocal("report", folder, "--reimage", join(out, name), ...more);
    const [csv, useq, wrong] = await Promise.all([
      write("list.csv", "--html", join(out, "run.html"), "--with-blank"),
      write("list.json"),
      write("list.txt"),
    ]);

    expect(csv.stderr).toContain("list.csv, 2 positions to image again; 2 have no x and y");
    const lines = (await readFile(join(out, "list.csv"), "utf8")).trim().split("\n");
    expect(lines.slice(1).map((line) => line.split(",").slice(1, 4))).toEqual([
      ["A03", "", "A3"],
      ["A04", "", "A4"],
    ]);
    expect(lines[1]).toMatch(/not recovered: limits$/);
    expect(useq.stderr).toContain("1 positions to image again");
    expect(JSON.parse(await readFile(join(out, "list.json"), "utf8"))).toMatchObject({ stage_positions: [] });
    expect(await readFile(join(out, "run.html"), "utf8")).toContain("A03: level 5.0, 1 of 1 not in focus");
    expect([wrong.code, wrong.stderr.includes("must end in .csv, .json or .pos")]).toEqual([2, true]);
  });

  test("refuses to write over what it reads, and over what an agent has written", async () => {
    const out = await mkdtemp(join(tmpdir(), "parfocal-report-"));
    onTestFinished(() => rm(out, { recursive: true, force: true }));
    const [results, sites, copy] = ["results.jsonl", "sites.csv", "same.csv"].map((name) => join(out, name));
    await copyFile(join(folder, "results.jsonl"), results!);
    await writeFile(sites!, "of the agent\n");
    await symlink(results!, copy!);
    const before = await readFile(results!, "utf8");

    const refused = await Promise.all([
      parfocal("report", out, "--html", results!),
      parfocal("report", results!, "--qc", copy!),
      parfocal("report", out, "--omero", sites!),
      parfocal("report", out, "--focus-map", sites!),
      parfocal("report", out, "--reimage", sites!),
      parfocal("score", "data/plate", "--out", sites!),
      parfocal("merge", sites!, "--out", results!),
    ]);

    for (const { code, stderr } of refused) {
      expect(code).toBe(1);
      expect(stderr).toMatch(/would be lost; name another file/);
    }
    expect(await readFile(results!, "utf8")).toBe(before);
    expect(await readFile(copy!, "utf8")).toBe(before);
    expect(await readFile(sites!, "utf8")).toBe("of the agent\n");
  });

  test("refuses to write over an image or a manifest, whichever command is told to", async () => {
    const out = await mkdtemp(join(tmpdir(), "parfocal-report-"));
    onTestFinished(() => rm(out, { recursive: true, force: true }));
    const [image, other, manifest] = ["a.png", "b.png", "manifest.csv"].map((name) => join(out, name));
    const sharp = "data/evaluation/dsb_360x360_4c032609d3.png";
    await copyFile(sharp, image!);
    await copyFile(sharp, other!);
    const rows = "file,kind,field_id\na.png,infocus,a\n";
    await writeFile(manifest!, rows);

    const refused = await Promise.all([
      parfocal("score", image!, "--out", image!, "--device", "cpu"),
      // As the shell makes of --out *.png.
      parfocal("score", "--out", other!, image!, "--device", "cpu"),
      parfocal("evaluate", manifest!, "--json", manifest!, "--device", "cpu"),
      parfocal("evaluate", manifest!, "--report", image!, "--device", "cpu"),
      parfocal("calibrate", image!, "--out", image!, "--device", "cpu"),
      parfocal("export", "bioimageio", "--out", image!),
      parfocal("report", folder, "--html", image!),
    ]);

    for (const { code, stderr } of refused) {
      expect(stderr).toMatch(/would be lost; name another file/);
      expect(code).toBe(1);
    }
    for (const path of [image!, other!]) expect(await readFile(path)).toEqual(await readFile(sharp));
    expect(await readFile(manifest!, "utf8")).toBe(rows);
  });

  test("writes tables for other programs", async () => {
    const out = await mkdtemp(join(tmpdir(), "parfocal-report-"));
    onTestFinished(() => rm(out, { recursive: true, force: true }));
    const [qc, omero] = [join(out, "qc.csv"), join(out, "omero.csv")];
    const { stderr } = await parfocal("report", folder, "--qc", qc, "--omero", omero);
    const noZarr = await parfocal("report", folder, "--zarr", out);

    const flags = (await readFile(qc, "utf8")).trim().split("\n").slice(1);
    expect(flags.map((line) => line.split(",").slice(1, 5).join())).toEqual([
      ...["A01,A1,0,0", "A02,A2,0,0", "A03,A3,0,1", "A04,A4,0,0"],
    ]);
    expect(await readFile(omero, "utf8")).toContain("A03,A3,,0,flagged,1,5,");
    expect(stderr).toContain(`Written: ${omero}\n`);
    expect([noZarr.code, noZarr.stderr]).toEqual([1, expect.stringContaining("is no OME-Zarr")]);
  });

  test("names a run that is not there", async () => {
    const { code, stderr } = await parfocal("report", join(folder, "nothing"));

    expect(code).not.toBe(0);
    expect(stderr).toMatch(/nothing: no such file or folder; name the folder that the agent wrote/);
  });

  test("names the file that a folder lacks", async () => {
    const { code, stderr } = await parfocal("report", "docs");

    expect(code).not.toBe(0);
    expect(stderr).toMatch(/docs.results\.jsonl: no such file or folder/);
  });
});
