/**
 * Benchmarks: `npm run bench`, `npm run bench -- --json FILE --runs N`. Times are of this machine, in this run; compare rows
 * with each other, not with other runs.
 */
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { describeMachine } from "../src/machine.js";
import { benchBrenner } from "./brenner.js";
import type { Row } from "./row.js";
import { benchScoring, IN_DOUBT, SHIPPED, SURE } from "./scoring.js";

const { values } = parseArgs({
  options: { json: { type: "string" }, runs: { type: "string", default: "40" } },
});
const machine = describeMachine();
console.log(`Machine: ${machine}\n`);
const rows: Row[] = [];
for (const bench of [benchScoring(Number(values.runs)), benchBrenner()]) {
  for await (const row of bench) {
    rows.push(row);
    const { benchmark, size, network = "", patches = "", engine, threads, p50Ms, p99Ms } = row;
    console.log(
      `${benchmark.padEnd(36)} ${size.padEnd(11)} ${network.padEnd(8)} ${patches.padEnd(17)} ${engine.padEnd(5)} ${threads} threads  p50 ${p50Ms.toFixed(1).padStart(7)} ms  p99 ${p99Ms.toFixed(1).padStart(7)} ms`,
    );
  }
}
const fastest = (wanted: (row: Row) => boolean) =>
  Math.min(...rows.filter((row) => row.size === "2048 x 2048" && wanted(row)).map((row) => row.p50Ms));
const ours = fastest(({ network, patches }) => network === SHIPPED && patches === SURE.patches);
const doubtful = fastest(({ network, patches }) => network === SHIPPED && patches === IN_DOUBT.patches);
const paper = fastest(({ network }) => network === "yang2018");
const brenner = fastest(({ engine }) => engine === "numpy");
console.log(
  `\n2048 x 2048: yang2018 takes ${(paper / ours).toFixed(0)} times as long as ${SHIPPED} (${(paper / doubtful).toFixed(0)} where it is in doubt)`,
);
if (Number.isFinite(brenner))
  console.log(
    `${SHIPPED} takes ${(ours / brenner).toFixed(2)} times as long as a Brenner gradient in numpy (${(doubtful / brenner).toFixed(2)})`,
  );
if (values.json !== undefined)
  await writeFile(values.json, `${JSON.stringify({ machine, rows }, null, 2)}\n`);
