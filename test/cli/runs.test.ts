import { execFileSync } from "node:child_process";
import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "csv-parse/sync";
import { beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { runName } from "../../src/runs/run-name.js";
import type { RunSnapshot } from "../../src/runs/run-snapshot.js";
import { ResultsStore } from "../../src/store/results-store.js";
import { openSqlite } from "../../src/store/sqlite.js";
import { temporaryFolder } from "../agent/helpers.js";
import { parfocal } from "../helpers/command.js";
import { stored, verdict } from "../store/records.js";

let results: string;
const distribution = [0.9, 0.1, 0, 0, 0, 0, 0, 0, 0, 0, 0];

beforeAll(async () => {
  results = join(await temporaryFolder(), "runs of today");
  await mkdir(results);
  const store = new ResultsStore(`file:${join(results, "parfocal.db")}`);
  await store.start();
  const scored = { distribution, weightedCertainty: 0.75 };
  await store.write(
    [
      { ...verdict({ run: "first", ms: 1000 }), ...scored },
      { ...verdict({ run: "second", ms: 60_000, decision: "retry" }), ...scored, controller: "useq" },
      { ...verdict({ run: "second", ms: 61_000, attempt: 1 }), ...scored },
      { ...verdict({ run: "second", ms: 62_000, channel: "GFP", decision: "flag" }), ...scored },
    ].map(stored),
  );
  await store.stop();
});

/** As people call it, by the clock of this computer. */
function nameOf(run: "first" | "second"): string {
  const [startedMs, controller] = run === "first" ? [1000, undefined] : [60_000, "useq"];
  return runName({ id: run, startedMs, controller });
}

const runs = (...args: string[]) => parfocal("runs", ...args, "--results", results);

describe("parfocal runs", () => {
  test("lists the runs, the newest first", async () => {
    const { stdout, code } = await runs("list");

    expect(code).toBe(0);
    const [header, ...lines] = stdout
      .trim()
      .split("\n")
      .map((line) => line.trim().split(/ {2,}/));
    expect(header).toEqual([
      "run",
      "plates",
      "positions",
      "frames",
      "in focus",
      "flagged",
      "not judged",
      "id",
    ]);
    expect(lines).toEqual([
      [nameOf("second"), "P1", "1", "3", "1", "1", "0", "second"],
      [nameOf("first"), "P1", "1", "1", "1", "0", "0", "first"],
    ]);
    expect(JSON.parse((await runs("list", "--json")).stdout)).toMatchObject([
      { id: "second" },
      { id: "first" },
    ]);
  });

  test("reads the database that the agent's environment names", async () => {
    vi.stubEnv("PARFOCAL_DATABASE__URL", `file:${join(results, "parfocal.db")}`);
    onTestFinished(() => void vi.unstubAllEnvs());

    const { stdout } = await parfocal("runs", "list", "--json");

    expect(JSON.parse(stdout)).toMatchObject([{ id: "second" }, { id: "first" }]);
  });

  test("reads the one that the agent's configuration names", async () => {
    const file = join(await temporaryFolder(), "parfocal.yaml");
    await writeFile(file, `results: { folder: ${JSON.stringify(results)} }\n`);

    expect(JSON.parse((await parfocal("runs", "list", "--json", "--config", file)).stdout)).toHaveLength(2);
  });

  test("takes the beginning of a name that no other run has", async () => {
    const { stdout } = await runs("export", "sec", "--format", "json");

    expect(JSON.parse(stdout)).toMatchObject({ run: { id: "second" } });
    const several = (await runs("show", "1970")).stderr;
    expect(several).toContain(
      `several runs begin so: second (${nameOf("second")}), first (${nameOf("first")})`,
    );
  });

  test("takes the name that people read, or its beginning", async () => {
    const whole = await runs("export", nameOf("second"), "--format", "json");
    const beginning = await runs("export", nameOf("first").slice(0, -1), "--format", "json");

    expect(JSON.parse(whole.stdout)).toMatchObject({ run: { id: "second", controller: "useq" } });
    expect(JSON.parse(beginning.stdout)).toMatchObject({ run: { id: "first" } });
    expect((await runs("show", "second")).stdout).toMatch(/^Run .* useq \(second\)\n/);
  });

  test("are reported from the database: a folder that has lost its records, a file, a name", async () => {
    const whole = await parfocal("report", results, "--json");
    const file = await parfocal(
      "report",
      join(results, "parfocal.db"),
      "--session",
      nameOf("second"),
      "--json",
    );
    const named = await parfocal("report", "second", "--results", results, "--json");

    expect(JSON.parse(whole.stdout)).toMatchObject({ scored: 4, runs: [{ id: "first" }, { id: "second" }] });
    expect(JSON.parse(file.stdout)).toMatchObject({ scored: 3, runs: [{ name: nameOf("second") }] });
    expect(JSON.parse(named.stdout)).toEqual(JSON.parse(file.stdout));
  });

  test("shows one", async () => {
    expect((await runs("show", "second")).stdout).toMatch(/frames scored +3/);
    expect(JSON.parse((await runs("show", "second", "--json")).stdout)).toMatchObject({ scored: 3 });
  });

  test("exports a table of frames, to a file", async () => {
    const out = join(await temporaryFolder(), "frames.csv");

    const { stdout } = await runs("export", "second", "--out", out);

    expect(stdout).toBe("");
    expect(parse(await readFile(out, "utf8"), { columns: true })).toMatchObject([
      {
        well: "A01",
        channel: "DAPI",
        attempt: "0",
        decision: "retry",
        move_um: "7.5",
        z_um: "1.5",
        unfamiliar: "0",
      },
      { attempt: "1", decision: "accept", move_um: "" },
      { channel: "GFP", decision: "flag" },
    ]);
  });

  test("exports what the name of the file ends in, and no CSV by the name of another format", async () => {
    const folder = await temporaryFolder();
    const [lines, whole, other] = ["run.jsonl", "run.json", "run.parquet"].map((name) => join(folder, name));
    await runs("export", "second", "--out", lines!);
    await runs("export", "second", "--out", whole!);
    const { code, stderr } = await runs("export", "second", "--out", other!);

    expect(JSON.parse((await readFile(lines!, "utf8")).split("\n")[0]!)).toHaveProperty("recordedMs");
    expect(JSON.parse(await readFile(whole!, "utf8"))).toHaveProperty("run");
    expect(stderr).toContain(".parquet is not written; end its name in .csv, .json or .jsonl");
    expect(code).toBe(2);
  });

  test("exports nothing in the place of the database, or of other results of an agent", async () => {
    const [database, records] = [join(results, "parfocal.db"), join(results, "results.jsonl")];
    await writeFile(records, "of the agent\n");
    onTestFinished(() => rm(records));

    for (const out of [database, records]) {
      const { code, stderr } = await runs("export", "second", "--out", out);
      expect([code, stderr]).toEqual([1, expect.stringContaining(`${out}: is `)]);
    }

    expect(await readFile(records, "utf8")).toBe("of the agent\n");
    expect((await runs("list")).code).toBe(0);
  });

  test("exports the original's columns", async () => {
    const { stdout } = await runs("export", "first", "--csv-format", "miq");

    const [header, row] = parse(stdout) as string[][];
    const probabilities = Array.from({ length: 11 }, (_, level) => `probabilities_${level}`);
    expect(header).toEqual([
      ...["original filename", "prediction", "mean certainty", "max certainty", "aggregate certainty"],
      ...["weighted certainty", "label", ...probabilities],
    ]);
    expect(row).toEqual([
      "first/A1-Site_0/DAPI/t0/0",
      "0",
      "0.7",
      "0.9",
      "0.8",
      "0.75",
      "-1",
      ...distribution.map(String),
    ]);
  });

  test("exports CellProfiler's columns, a site a row and a channel a pair", async () => {
    const { stdout } = await runs("export", "second", "--csv-format", "cellprofiler");

    expect(parse(stdout, { columns: true })).toEqual([
      {
        ...{ Metadata_Plate: "P1", Metadata_Well: "A01", Metadata_Site: "0", Metadata_Timepoint: "0" },
        ...{ Metadata_QCFlag: "1", Metadata_QCFlag_DAPI: "0", Metadata_QCFlag_GFP: "1" },
        ...{ ImageFocus_Score_DAPI: "0.3", ImageFocus_Certainty_DAPI: "0.8" },
        ...{ ImageFocus_Score_GFP: "0.3", ImageFocus_Certainty_GFP: "0.8" },
      },
    ]);
  });

  test("exports the records and the run as the page has it", async () => {
    const lines = (await runs("export", "second", "--format", "jsonl")).stdout.trim().split("\n");
    const snapshot = JSON.parse((await runs("export", "second", "--format", "json")).stdout) as RunSnapshot;

    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { decision: "retry" },
      {},
      { distribution },
    ]);
    expect(snapshot).toMatchObject({ run: { id: "second", frames: 3 }, sites: [{ well: "A01" }] });
  });

  test.each([
    [["export", "third"], "there is no run of this name; the newest are second ("],
    [["list", "--database", "file:/nowhere/runs.db"], "there is no such database"],
    [["list", "--database", "/nowhere/runs.db"], "/nowhere/runs.db: there is no such database"],
    [["list", "--database", "postgres://127.0.0.1:1/runs"], "cannot be opened"],
  ])("says what is in the way of %j", async (args, words) => {
    const { code, stderr } = await runs(...args);

    expect(code).toBe(1);
    expect(stderr).toContain(words);
  });
});

describe("shell completion", () => {
  test("prints a script, and completes commands and their options", async () => {
    expect((await parfocal("completion")).stdout).toContain("parfocal");
    const words = async (...typed: string[]) =>
      (await parfocal("--get-yargs-completions", "parfocal", ...typed)).stdout.split("\n");

    expect(await words("")).toEqual(expect.arrayContaining(["agent", "runs", "replay"]));
    expect((await words("agent", "--dash")).join()).toContain("--dashboard-port");
  });
});

describe("parfocal replay", () => {
  test.each([
    ["--speed", "0"],
    ["--speed", "-1"],
    ["--port", "70000"],
  ])("refuses %s %s", async (option, value) => {
    const { code, stderr } = await parfocal("replay", "anywhere", option, value);

    expect(code).toBe(2);
    expect(stderr).toContain(`${option} must be`);
  });
});

describe.skipIf(process.getuid?.() !== 0 && process.env.CI !== "true")(
  "on a disk that nobody may write to",
  () => {
    test("the runs of an agent that has ended are listed as anywhere", async () => {
      const archive = join(await temporaryFolder(), "archive #2, 100 %");
      await mkdir(archive);
      execFileSync("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", archive]);
      onTestFinished(() => void execFileSync("umount", ["-l", archive]));
      // As an agent leaves it, whose thread has ended.
      const database = openSqlite(join(results, "parfocal.db"));
      database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
      database.close();
      await copyFile(join(results, "parfocal.db"), join(archive, "parfocal.db"));
      execFileSync("mount", ["-o", "remount,ro", archive]);

      const { code, stdout, stderr } = await parfocal("runs", "list", "--results", archive);

      expect(stderr).toBe("");
      expect(code).toBe(0);
      expect(stdout).toContain(nameOf("second"));
    });
  },
);
