import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./run-command.js";

const BRIDGE = "bridges/micromanager";
const REPORTS = ["surefire-reports", "failsafe-reports"].map((name) =>
  join(BRIDGE, "plugin", "target", name),
);
const MIN_JDK = 17;
/** Lines of Maven's log that are shown of a run that failed. */
const SHOWN_LINES = 200;

/** Builds the Micro-Manager plugin and runs its tests; where a JDK or Maven lacks, skips, or fails in CI. `said` is for people. */
export async function runMaven(folder, inCi) {
  const title = "\nMicro-Manager plugin\n";
  const missing = findMissing();
  if (missing !== undefined) {
    return { passed: 0, failed: inCi ? 1 : 0, skipped: inCi ? 0 : 1, said: `${title}Not run: ${missing}` };
  }
  for (const reports of REPORTS) rmSync(reports, { recursive: true, force: true });
  const shell = process.platform === "win32";
  const { status, output: log } = await run("mvn", ["-B", "verify"], { cwd: BRIDGE, shell });
  writeFileSync(join(folder, "maven.log"), log);
  const counts = addUp();
  // Maven can fail without a failed test: what does not compile, for one.
  if (status !== 0 && counts.failed === 0) counts.failed = 1;
  const result =
    counts.failed > 0
      ? log.trimEnd().split("\n").slice(-SHOWN_LINES).join("\n")
      : `${counts.passed} passed, ${counts.skipped} skipped`;
  return { ...counts, said: title + result };
}

/** What is needed and not there, or undefined. */
function findMissing() {
  const javac = spawnSync("javac", ["-version"], { encoding: "utf8" });
  if (javac.status !== 0) return "there is no JDK (javac)";
  const version = Number(/javac (\d+)/.exec(`${javac.stdout}${javac.stderr}`)?.[1] ?? 0);
  if (version < MIN_JDK) return `the JDK is older than ${MIN_JDK}`;
  const mvn = spawnSync("mvn", ["-version"], { shell: process.platform === "win32" });
  return mvn.status === 0 ? undefined : "there is no Maven (mvn)";
}

/** Adds up the reports of all test classes. */
function addUp() {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const folder of REPORTS.filter((name) => existsSync(name))) {
    for (const file of readdirSync(folder).filter((name) => /^TEST-.*\.xml$/.test(name))) {
      const suite = /<testsuite [^>]*>/s.exec(readFileSync(join(folder, file), "utf8"))?.[0] ?? "";
      const count = (key) => Number(new RegExp(`\\b${key}="(\\d+)"`).exec(suite)?.[1] ?? 0);
      const failed = count("failures") + count("errors");
      total.failed += failed;
      total.skipped += count("skipped");
      total.passed += count("tests") - failed - count("skipped");
    }
  }
  return total;
}
