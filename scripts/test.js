/**
 * Runs all tests of the repository: `npm test`, `npm test -- PATTERN` for some of the TypeScript ones.
 * Closes with one line that adds up the runners' own reports: "N passed, N failed, N skipped".
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folder = mkdtempSync(join(tmpdir(), "parfocal-test-"));
const totals = { passed: 0, failed: 0, skipped: 0 };
let broken = false;

function runVitest(patterns) {
  const report = join(folder, "vitest.json");
  const { status } = spawnSync(
    process.execPath,
    [
      "node_modules/vitest/vitest.mjs",
      "run",
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${report}`,
      ...patterns,
    ],
    { stdio: "inherit" },
  );
  try {
    const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(
      readFileSync(report, "utf8"),
    );
    totals.passed += numPassedTests;
    totals.failed += numFailedTests;
    totals.skipped += numPendingTests + numTodoTests;
  } catch {
    console.error("vitest left no report");
    broken = true;
  }
  // A failing file or an unhandled error counts even when no single test failed.
  if (status !== 0) broken = true;
}

runVitest(process.argv.slice(2));
rmSync(folder, { recursive: true, force: true });
if (broken && totals.failed === 0) totals.failed = 1;
console.log(`\n${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
process.exit(broken || totals.failed > 0 || totals.passed === 0 ? 1 : 0);
