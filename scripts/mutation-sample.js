/**
 * Two plug-ins for Stryker (stryker.config.json): a seeded random sample of the mutants, and a report with the interval that
 * a sample deserves. SAMPLE is the share of mutants that are tried (1: all), SEED chooses which:
 * `SAMPLE=0.05 SEED=1 npm run test:mutation -- --mutate 'src/agent/**'`.
 */
import { createHash } from "node:crypto";
import { relative, sep } from "node:path";
import { declareValuePlugin, PluginKind } from "@stryker-mutator/api/plugin";

const { SAMPLE = "1", SEED = "1" } = process.env;
const DETECTED = new Set(["Killed", "Timeout"]);
const UNDETECTED = new Set(["Survived", "NoCoverage"]);
/** Normal quantile of a 95 % interval. */
const Z = 1.96;

/** The same mutants for the same seed, whatever else is mutated and in which folder Stryker works. */
function isInSample(file, { location: { start, end }, mutatorName, replacement }) {
  const place = [start.line, start.column, end.line, end.column].join(":");
  const text = [SEED, file.split(sep).join("/"), place, mutatorName, replacement].join("\0");
  return createHash("sha256").update(text).digest().readUInt32BE() / 2 ** 32 < Number(SAMPLE);
}

/** Wilson's score interval. */
function intervalOf(hits, size) {
  const share = hits / size;
  const middle = share + Z ** 2 / (2 * size);
  const half = Z * Math.sqrt((share * (1 - share)) / size + Z ** 2 / (4 * size ** 2));
  return [middle - half, middle + half].map((bound) => (100 * bound) / (1 + Z ** 2 / size));
}

// A mutant outside the sample counts as one that does not compile: Stryker neither runs nor scores it.
const checker = {
  init: async () => undefined,
  check: async (mutants) =>
    Object.fromEntries(
      mutants.map((mutant) => [
        mutant.id,
        isInSample(relative(process.cwd(), mutant.fileName), {
          ...mutant,
          location: oneBased(mutant.location),
        })
          ? { status: "passed" }
          : { status: "compileError", reason: "not in the sample" },
      ]),
    ),
};

/** Checkers count lines and columns from 0, reports from 1. */
function oneBased({ start, end }) {
  const shifted = ({ line, column }) => ({ line: line + 1, column: column + 1 });
  return { start: shifted(start), end: shifted(end) };
}

const reporter = {
  onMutationTestReportReady({ files }) {
    const folders = new Map();
    for (const [file, { mutants }] of Object.entries(files)) {
      const folder = file.split("/").slice(0, 2).join("/");
      const counts = folders.get(folder) ?? { detected: 0, size: 0 };
      folders.set(folder, counts);
      for (const mutant of mutants.filter((each) => isInSample(file, each))) {
        if (DETECTED.has(mutant.status)) counts.detected++;
        if (DETECTED.has(mutant.status) || UNDETECTED.has(mutant.status)) counts.size++;
        if (UNDETECTED.has(mutant.status)) console.log(lineOf(file, mutant));
      }
    }
    for (const [folder, { detected, size }] of folders) {
      const [low, high] = intervalOf(detected, size).map((percent) => percent.toFixed(0));
      const score = ((100 * detected) / size).toFixed(0);
      console.log(`${folder}: ${detected} of ${size} found, ${score} % (95 % interval ${low} to ${high} %)`);
    }
  },
};

function lineOf(file, { status, location, mutatorName, replacement }) {
  return `${status} ${file}:${location.start.line}:${location.start.column} ${mutatorName} ${replacement.slice(0, 80)}`;
}

export const strykerPlugins = [
  declareValuePlugin(PluginKind.Checker, "sample", checker),
  declareValuePlugin(PluginKind.Reporter, "sample", reporter),
];
