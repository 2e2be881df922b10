/**
 * Builds, and runs all tests of the repository: `npm test`; `npm test -- PATTERN...` runs some of the TypeScript ones only.
 * The bridges' tests wait more than they compute, so they run beside the TypeScript ones; what they say comes afterwards.
 * Closes with one line that adds up the runners' own reports: "N passed, N failed, N skipped".
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { run } from "./run-command.js";
import { runMaven } from "./test-java.js";
import { runPytest } from "./test-python.js";

const inCi = process.env.CI === "true";
// Maven is over before what optimises its code would pay.
process.env.MAVEN_OPTS ??= "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC";
const patterns = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "parfocal-test-"));

// The tests find all this ready, so that none of them waits for Maven or pip. What lacks is told by the tests that need it.
const [build] = await Promise.all([
  run("npm", ["run", "build"], { stdio: "inherit", shell: process.platform === "win32" }),
  run(process.execPath, ["scripts/build-java-test-server.js"]),
  run(process.execPath, ["scripts/test-python.js"]),
]);
if (build.status !== 0) process.exit(1);
const [typescript, bridges] = await Promise.all([runVitest(), patterns.length === 0 ? runBridges() : []]);
for (const { said } of bridges) console.log(said);
rmSync(folder, { recursive: true, force: true });

const failures = [typescript, ...bridges].flatMap(({ failures }) => failures ?? []);
// Last, where nobody who sees only the end of a log misses them.
if (failures.length > 0) console.log(`\nFailed:\n${failures.map((name) => `- ${name}`).join("\n")}`);
const sum = (key) => [typescript, ...bridges].reduce((total, report) => total + report[key], 0);
console.log(`\n${sum("passed")} passed, ${sum("failed")} failed, ${sum("skipped")} skipped`);
process.exit(sum("failed") > 0 || typescript.passed === 0 ? 1 : 0);

/** One after the other: both start agents. */
async function runBridges() {
  const python = await runPytest(folder, inCi);
  return [python, await runMaven(folder, inCi)];
}

async function runVitest() {
  const report = join(folder, "vitest.json");
  const { status } = await run(
    process.execPath,
    [
      "node_modules/vitest/vitest.mjs",
      "run",
      ...["--reporter=default", "--reporter=json", `--outputFile.json=${report}`],
      ...patterns,
    ],
    { stdio: "inherit" },
  );
  try {
    const json = JSON.parse(readFileSync(report, "utf8"));
    // A file that cannot be loaded, or an unhandled error, counts though no single test failed.
    const failed = json.numFailedTests > 0 || status === 0 ? json.numFailedTests : 1;
    const skipped = json.numPendingTests + json.numTodoTests;
    return { passed: json.numPassedTests, failed, skipped, failures: failuresOf(json) };
  } catch {
    console.error("vitest left no report");
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

/** The tests that failed, by file and title, and the files that could not be loaded. */
function failuresOf({ testResults }) {
  return testResults
    .filter(({ status }) => status === "failed")
    .flatMap(({ name, assertionResults }) => {
      const titles = assertionResults
        .filter(({ status }) => status === "failed")
        .map(({ fullName }) => fullName);
      const file = relative(process.cwd(), name);
      return titles.length > 0 ? titles.map((title) => `${file}: ${title}`) : [file];
    });
}
