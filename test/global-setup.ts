import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

let folder: string | undefined;

/** Gives the whole run one temporary folder, so that no test leaves anything behind. */
export function setup(): void {
  folder = mkdtempSync(join(tmpdir(), "parfocal-test-run-"));
  process.env.TMPDIR = folder;
  process.env.TEMP = folder;
}

export function teardown(): void {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
}
