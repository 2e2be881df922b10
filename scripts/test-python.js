import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "./run-command.js";

const BRIDGE = "bridges/pycromanager";
const VENV = join(BRIDGE, ".venv");
const PYTHON = join(VENV, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");

/**
 * Runs the Python bridge's tests in a virtual environment of their own; where Python lacks, skips, or fails in CI.
 * `said` is for people.
 */
export async function runPytest(folder, inCi) {
  const title = "\nPython bridge\n";
  const { missing } = preparePython();
  if (missing !== undefined) {
    return { passed: 0, failed: inCi ? 1 : 0, skipped: inCi ? 0 : 1, said: `${title}Not run: ${missing}` };
  }
  const report = join(folder, "pytest.xml");
  const { status, output } = await run(
    join(process.cwd(), PYTHON),
    ["-m", "pytest", "-q", "-p", "no:cacheprovider", `--junitxml=${report}`],
    { cwd: BRIDGE },
  );
  const said = title + output.trimEnd();
  if (!existsSync(report)) return { passed: 0, failed: 1, skipped: 0, said };
  const count = (key) =>
    Number(new RegExp(`<testsuite [^>]*\\b${key}="(\\d+)"`).exec(readFileSync(report, "utf8"))?.[1] ?? 0);
  const [tests, skipped] = [count("tests"), count("skipped")];
  const failed = count("failures") + count("errors");
  // pytest can end badly after its last test, too.
  return { passed: tests - skipped - failed, failed: failed > 0 || status === 0 ? failed : 1, skipped, said };
}

/**
 * Makes the environment of the Python bridge, or says what it lacks. Made again when what it holds has changed. As a program,
 * prints that as JSON.
 * @returns {{ python: string, missing?: undefined } | { python?: undefined, missing: string }}
 */
export function preparePython() {
  const missing = prepare();
  return missing === undefined ? { python: PYTHON } : { missing };
}

function prepare() {
  const version = spawnSync("python3", ["-c", "import sys; print(sys.version_info >= (3, 11))"], {
    encoding: "utf8",
  });
  if (version.status !== 0) return "there is no python3";
  if (version.stdout.trim() !== "True") return "python3 is older than 3.11, for which MMCore is built";
  const wanted = ["requirements-test.txt", "pyproject.toml"].map((file) =>
    readFileSync(join(BRIDGE, file), "utf8"),
  );
  const digest = createHash("sha256").update(wanted.join("\0")).digest("hex");
  const stamp = join(VENV, "parfocal-stamp");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === digest) return undefined;
  rmSync(VENV, { recursive: true, force: true });
  const steps = [
    ["python3", ["-m", "venv", VENV]],
    [
      PYTHON,
      [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "-r",
        `${BRIDGE}/requirements-test.txt`,
      ],
    ],
    [PYTHON, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "-e", BRIDGE]],
  ];
  for (const [command, args] of steps) {
    const { status } = spawnSync(command, args, { stdio: "inherit" });
    if (status !== 0) return `${[command, ...args].join(" ")} failed`;
  }
  writeFileSync(stamp, digest);
  return undefined;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(JSON.stringify(preparePython()));
