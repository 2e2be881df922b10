import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

let folder: string | undefined;

/** Gives the whole run one temporary folder, so that no test leaves anything behind. */
export function setup(): void {
  folder = mkdtempSync(join(tmpdir(), "parfocal-test-run-"));
  process.env.TMPDIR = folder;
  process.env.TEMP = folder;
  // Agents side by side must not ask for the same port.
  process.env.PARFOCAL_DASHBOARD__PORT = "0";
}

export function teardown(): void {
  if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
}
