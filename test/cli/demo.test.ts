import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PlateSummary } from "../../src/microscope/summary.js";
import { times } from "../helpers/campaign.js";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "parfocal-demo-"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe("parfocal demo", () => {
  // Plate 1 is the one that the page is shown with (test/dashboard/page.test.ts).
  it.each(times(1, 2) === 1 ? [2] : [1, 2])(
    "recovers nearly all displaced sites of plate %i and blurs none",
    async (seed) => {
      const json = join(folder, `summary-${seed}.json`);
      const results = join(folder, `run-${seed}`);

      const { stdout } = await promisify(execFile)(process.execPath, [
        "dist/cli/main.js",
        "demo",
        ...["--results", results, "--json", json, "--seed", String(seed)],
      ]);

      const summary = JSON.parse(await readFile(json, "utf8")) as PlateSummary;
      expect(summary.sites).toBe(48);
      expect(summary.displaced).toBeGreaterThanOrEqual(20);
      expect(summary.recovered / summary.displaced).toBeGreaterThanOrEqual(0.93);
      expect(summary.endedBlurrier).toBe(0);
      expect(summary.latencyMs.p50).toBeGreaterThan(0);
      expect(stdout).toContain(join(results, "results.jsonl"));
      const sites = (await readFile(join(results, "sites.csv"), "utf8")).trim().split("\n");
      expect(sites).toHaveLength(49);
    },
    300_000,
  );
});
