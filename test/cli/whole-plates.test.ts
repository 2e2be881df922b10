import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { parse } from "csv-parse/sync";
import { asyncBufferFromFile, parquetReadObjects } from "hyparquet";
import { beforeAll, describe, expect, it } from "vitest";
import { times } from "../helpers/campaign.js";
import { parfocal, startCommand } from "../helpers/command.js";
import { temporaryFolder } from "../helpers/models.js";
import { writePlate } from "../helpers/plates.js";

const FRAMES = times(600, 10_000);
const SHARDS = 4;

let folder: string;
let paths: string[];
const at = (name: string) => join(folder, name);
const score = (out: string, ...more: string[]) =>
  ["score", "--device", "cpu", at("screen"), "--out", at(out), ...more] as const;

async function rowsOf(name: string): Promise<Record<string, string>[]> {
  return parse(await readFile(at(name), "utf8"), { columns: true });
}

/** Files that the state of a table says are done. */
async function filesDone(name: string): Promise<number> {
  const text = await readFile(at(`${name}.run.json`), "utf8").catch(() => '{"files":0}');
  return (JSON.parse(text) as { files: number }).files;
}

beforeAll(async () => {
  folder = await temporaryFolder();
  paths = await writePlate(at("screen"), FRAMES);
  const { code, stderr } = await parfocal(...score("whole.csv"));
  expect(code, stderr).toBe(0);
});

describe("parfocal score of a whole plate", () => {
  it("gives each frame once, in order", async () => {
    expect((await rowsOf("whole.csv")).map(({ file }) => file)).toEqual(paths);
    await expect(stat(at("whole.csv.part"))).rejects.toThrow("ENOENT");
  });

  it("killed at any moments, goes on by itself, and gives what one run gives", async () => {
    let wentOn = 0;
    // Each run may come to its end before it is killed.
    for (const share of [0.1, 0.5, 1]) {
      const before = await filesDone("killed.csv");
      const { child, finished } = startCommand(score("killed.csv"));
      while (child.exitCode === null && (await filesDone("killed.csv")) < share * FRAMES) {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      if (share < 1) child.kill("SIGKILL");
      const { stderr } = await finished;
      if (before > 0 && before < FRAMES && stderr.includes(`going on after ${before} files`)) wentOn++;
    }

    expect(wentOn).toBeGreaterThan(0);
    expect(await readFile(at("killed.csv"), "utf8")).toBe(await readFile(at("whole.csv"), "utf8"));
  });

  it("begins anew once it is finished, and where it is told to", async () => {
    await writeFile(at("stale.csv.part"), "x");
    await writeFile(at("stale.csv.run.json"), "cut");
    const { stderr } = await parfocal(...score("stale.csv", "--shard", "1/50"));
    expect(stderr).not.toContain("going on");
    const again = await parfocal(...score("stale.csv", "--shard", "1/50", "--no-resume"));
    expect(again.stderr).not.toContain("going on");
    expect((await rowsOf("stale.csv")).length).toBeGreaterThan(0);
  });

  it("goes on only with the same words for the folder, so that all rows name their files alike", async () => {
    await parfocal(...score("spelt.csv", "--shard", "1/50"));
    await rename(at("spelt.csv"), at("spelt.csv.part"));

    const screen = relative(process.cwd(), at("screen"));
    const out = ["--out", at("spelt.csv"), "--shard", "1/50"];
    const { code, stderr } = await parfocal("score", "--device", "cpu", screen, ...out);

    expect(code).toBe(1);
    expect(stderr).toContain("other settings (pathsAsGiven)");
    expect((await parfocal(...score("spelt.csv", "--shard", "1/50"))).stderr).toContain("going on");
  });

  it("in shards of any format, merged, equals one run", async () => {
    const names = ["s1.csv", "s2.csv", "s3.jsonl", "s4.parquet"];
    for (const [i, name] of names.entries()) {
      const { code, stderr } = await parfocal(...score(name, "--shard", `${i + 1}/${SHARDS}`));
      expect(code, stderr).toBe(0);
    }
    const { code, stderr } = await parfocal("merge", ...names.map(at).reverse(), "--out", at("merged.csv"));

    expect(code, stderr).toBe(0);
    expect(stderr).toContain(`${FRAMES} pages of ${FRAMES} files`);
    expect(await readFile(at("merged.csv"), "utf8")).toBe(await readFile(at("whole.csv"), "utf8"));

    const short = await parfocal("merge", ...names.slice(0, 3).map(at), "--out", at("short.csv"));
    expect(short.code).toBe(1);
    expect(short.stderr).toContain("is one of 4 shards; missing: 4");
    await rm(at("s2.csv.run.json"));
    const twice = await parfocal("merge", at("s2.csv"), at("whole.csv"), "--out", at("twice.csv"));
    expect(twice.stderr).toContain("and so has");
    await expect(stat(at("twice.csv"))).rejects.toThrow("ENOENT");
  });

  it("in a shard of nothing but broken files says so, and is no reason to do it again", async () => {
    const screen = at("broken");
    await mkdir(screen);
    for (const name of ["a.tif", "b.tif"]) await writeFile(join(screen, name), "no image");
    const code = async (...more: string[]) =>
      (await parfocal("score", "--device", "cpu", "--out", at("broken.csv"), "--no-resume", ...more)).code;

    expect(await code(screen, "--shard", "1/1")).toBe(3);
    expect(await code(at("nowhere"), "--shard", "1/1")).toBe(1);
  });

  it("is written as Parquet with types and missing values", async () => {
    const { code, stderr } = await parfocal("merge", at("whole.csv"), "--out", at("whole.parquet"));
    expect(code, stderr).toBe(0);
    const rows = await parquetReadObjects({ file: await asyncBufferFromFile(at("whole.parquet")) });
    const [csv] = await rowsOf("whole.csv");

    expect(rows.map(({ file }) => file)).toEqual(paths);
    expect(rows[0]).toMatchObject({
      page: 0,
      plate: "Plate1",
      well: "A01",
      site: "1",
      channel: "w1",
      z: null,
    });
    expect(rows[0]!.expected_level).toBe(Number(csv!.expected_level));
  });

  it("says what is wrong with a shard, a format and a table", async () => {
    const wrong = await parfocal(...score("x.csv", "--shard", "5/4"));
    expect([wrong.code, wrong.stderr.includes("--shard must be")]).toEqual([2, true]);
    const streamed = await parfocal("score", at("screen"), "--format", "parquet");
    expect([streamed.code, streamed.stderr.includes("needs --out")]).toEqual([2, true]);
    await writeFile(at("other.csv"), "a,b\n1,2\n");
    const other = await parfocal("merge", at("other.csv"), "--out", at("y.csv"));
    expect([other.code, other.stderr.includes("is no table of scores: there is no column file")]).toEqual([
      1,
      true,
    ]);
  });
});

describe("parfocal report of a table", () => {
  it("counts frames by plate, channel and condition, and names wells to look at", async () => {
    const { code, stdout } = await parfocal("report", at("whole.csv"));
    const inFocus = (await rowsOf("whole.csv")).filter(({ condition }) => condition === "in-focus").length;

    expect(code).toBe(0);
    expect(stdout).toContain(`${FRAMES} frames scored, 0 not`);
    if (FRAMES <= 1536) expect(stdout).toMatch(new RegExp(`Plate1 +w1 +in-focus +${inFocus}`));
    expect(stdout).toContain("Wells to look at:");
  });

  it("writes a page that needs nothing else, with a well of the plate in each place", async () => {
    const { code, stderr } = await parfocal("report", at("whole.csv"), "--html", at("report.html"));
    const page = await readFile(at("report.html"), "utf8");

    expect(code, stderr).toBe(0);
    const wells = Math.min(FRAMES / 4, 384);
    expect(page.match(/<title>[A-P]\d\d: (level \d|nothing to judge)/g)?.length).toBeGreaterThanOrEqual(
      wells,
    );
    expect(page).toMatch(/<title>[A-P]\d\d: level \d/);
    expect(page).not.toMatch(/<script|src=|https?:/);
  });
});
