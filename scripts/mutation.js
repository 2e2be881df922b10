/**
 * Breaks the code at one place at a time, as Stryker would, and says which changes no test noticed:
 * `SAMPLE=0.05 SEED=1 npm run test:mutation -- 'src/refocus/**'`. SAMPLE is the share of the possible changes that are tried
 * (1: all), SEED chooses which, TESTS names folders of tests (vitest.mutation.config.ts). Each change is made in a copy of the
 * repository and the tests that import the file run as they are: code that counts what runs through it would make a search,
 * which runs through it millions of times, slower by a factor of ten.
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Instrumenter } from "@stryker-mutator/instrumenter";
import { globSync } from "tinyglobby";

const { SAMPLE = "1", SEED = "1" } = process.env;
/** Normal quantile of a 95 % interval. */
const Z = 1.96;
/** A change that makes the tests take so many times as long, and a minute more, has made something endless. */
const SLOWER = 4;
const MORE_MS = 60_000;

const patterns = process.argv.slice(2);
if (patterns.length === 0) {
  console.error("Which files? For example: npm run test:mutation -- 'src/refocus/**/*.ts'");
  process.exit(2);
}

const sandbox = mkdtempSync(join(tmpdir(), "parfocal-mutation-"));
for (const name of readdirSync(".")) {
  if (name === "src" || name === "test") cpSync(name, join(sandbox, name), { recursive: true });
  else if (name !== ".git") symlinkSync(join(process.cwd(), name), join(sandbox, name));
}
process.on("exit", () => rmSync(sandbox, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(130));

const files = globSync(patterns).sort((a, b) => (a < b ? -1 : 1));
const changes = await changesOf(files);
const sample = changes.filter(isInSample);
console.log(`${sample.length} of ${changes.length} possible changes in ${files.length} files`);
const startMs = performance.now();
const whole = await testsOf(files);
if (whole.status !== 0) throw new Error(`the tests fail without any change:\n${whole.output}`);
const limitMs = SLOWER * (performance.now() - startMs) + MORE_MS;

let found = 0;
let endless = 0;
for (const change of sample) {
  const path = join(sandbox, change.file);
  const text = readFileSync(path, "utf8");
  writeFileSync(path, text.slice(0, change.start) + change.replacement + text.slice(change.end));
  const { status } = await testsOf([change.file], limitMs);
  writeFileSync(path, text);
  if (status !== 0) found++;
  else console.log(`${change.file}:${change.line} ${change.kind}: ${change.was} -> ${change.replacement}`);
  if (status === null) endless++;
}
const [low, high] = intervalOf(found, sample.length).map((percent) => percent.toFixed(0));
const score = ((100 * found) / sample.length).toFixed(0);
console.log(
  `${found} of ${sample.length} found, ${score} % (95 % interval ${low} to ${high} %); ${endless} by the time limit`,
);

/** All that Stryker would change, with places as offsets into the text. */
async function changesOf(names) {
  const silent = { info() {}, debug() {}, warn() {}, isDebugEnabled: () => false };
  const options = { plugins: null, excludedMutations: [], ignorers: [] };
  const contents = names.map((name) => ({ name, mutate: true, content: readFileSync(name, "utf8") }));
  const { mutants } = await new Instrumenter(silent).instrument(contents, options);
  return mutants.map(({ fileName: file, location, mutatorName: kind, replacement }) => {
    const lines = readFileSync(file, "utf8").split("\n");
    // Counted from 0.
    const offsetOf = ({ line, column }) =>
      lines.slice(0, line).reduce((sum, text) => sum + text.length + 1, column);
    const [start, end] = [offsetOf(location.start), offsetOf(location.end)];
    const was = lines.join("\n").slice(start, end);
    return { file, line: location.start.line + 1, start, end, kind, was, replacement };
  });
}

/** The same changes for the same seed, whatever else is changed. */
function isInSample({ file, line, was, kind, replacement }) {
  const digest = createHash("sha256").update([SEED, file, line, was, kind, replacement].join("\0")).digest();
  return digest.readUInt32BE() / 2 ** 32 < Number(SAMPLE);
}

/** Runs the tests that import some files until one fails. @returns status null: not within the limit */
function testsOf(names, limitMs) {
  const flags = ["--run", "--config", "vitest.mutation.config.ts", "--bail=1", "--reporter=dot"];
  return new Promise((resolve) => {
    const args = ["node_modules/vitest/vitest.mjs", "related", ...names, ...flags];
    const child = spawn(process.execPath, args, { cwd: sandbox, detached: true });
    // The whole group: what is endless is a worker.
    const stop = () => process.kill(-child.pid, "SIGKILL");
    const limit = limitMs === undefined ? undefined : setTimeout(stop, limitMs);
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (text) => {
        output += text;
      });
    }
    child.on("close", (status) => {
      clearTimeout(limit);
      resolve({ status, output });
    });
  });
}

/** Wilson's score interval. */
function intervalOf(hits, size) {
  const share = hits / size;
  const middle = share + Z ** 2 / (2 * size);
  const half = Z * Math.sqrt((share * (1 - share)) / size + Z ** 2 / (4 * size ** 2));
  return [middle - half, middle + half].map((bound) => (100 * bound) / (1 + Z ** 2 / size));
}
