import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { parfocal } from "../helpers/command.js";
import { temporaryFolder } from "../helpers/models.js";
import { writePlate } from "../helpers/plates.js";

const SNAKEMAKE = resolve("bridges/pycromanager/.venv/bin/snakemake");
const isInstalled = existsSync(SNAKEMAKE) || process.env.CI === "true";
const execute = promisify(execFile);

describe.skipIf(!isInstalled)("the Snakemake workflow", () => {
  it("scores in shards, four at a time, goes on with one that was cut off, and gives what one run gives", async () => {
    const folder = await temporaryFolder();
    const images = join(folder, "a screen");
    await writePlate(images, 80);
    const whole = join(folder, "whole.csv");
    await parfocal("score", images, "--device", "cpu", "--out", whole);

    const main = resolve("dist/cli/main.js");
    const snakemake = (...more: string[]) =>
      execute(
        SNAKEMAKE,
        [
          ...["--snakefile", resolve("workflow/Snakefile"), "--cores", "4", "--rerun-incomplete", ...more],
          ...["--config", `images=${images}`, "out=focus", "shards=4", "format=csv", "options=--device cpu"],
          `parfocal=['${process.execPath}', '${main}']`,
        ],
        { cwd: folder, env: { ...process.env, HOME: folder } },
      );
    const { stderr } = await snakemake();
    const merged = join(folder, "focus/scores.csv");

    expect(stderr).toMatch(/score +4/);
    expect(await readFile(merged, "utf8")).toBe(await readFile(whole, "utf8"));
    expect(await readFile(join(folder, "focus/report.html"), "utf8")).toContain("A01: level");

    await rm(join(folder, "focus/shards/2-of-4.csv"));
    await rm(merged);
    const again = await snakemake();
    expect(again.stderr).toMatch(/score +1/);
    expect(await readFile(merged, "utf8")).toBe(await readFile(whole, "utf8"));
  });
});
