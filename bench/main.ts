/**
 * Benchmarks: `npm run bench`, `npm run bench -- --json FILE`. Times are of this machine, in this run; compare rows
 * with each other, not with other runs.
 */
import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { describeMachine } from "../src/machine.js";
import { benchScoring } from "./scoring.js";

/** One line of the table; times in ms, of one frame. */
export interface Row {
  readonly benchmark: string;
  /** Rows x columns, px. */
  readonly size: string;
  readonly network: string;
  readonly engine: string;
  readonly threads: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const { values } = parseArgs({ options: { json: { type: "string" } } });
const machine = describeMachine();
console.log(`Machine: ${machine}\n`);
const rows: Row[] = [];
for await (const row of benchScoring()) {
  rows.push(row);
  console.log(
    `${row.benchmark.padEnd(34)} ${row.size.padEnd(12)} ${row.network.padEnd(10)} ${row.engine.padEnd(8)} ${row.threads} threads  p50 ${row.p50Ms.toFixed(1).padStart(8)} ms  p99 ${row.p99Ms.toFixed(1).padStart(8)} ms`,
  );
}
const p50 = (network: string) =>
  Math.min(
    ...rows.filter((row) => row.network === network && row.size === "2048 x 2048").map((row) => row.p50Ms),
  );
console.log(`\nyang2018 takes ${(p50("yang2018") / p50("compact")).toFixed(1)} times as long as compact`);
if (values.json !== undefined)
  await writeFile(values.json, `${JSON.stringify({ machine, rows }, null, 2)}\n`);
