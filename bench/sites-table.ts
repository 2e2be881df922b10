/**
 * The table of sites of a long run: `npm run bench:sites-table`, `-- --records N --json FILE`. Writes a results.jsonl of so many records, lets
 * the table's thread read it as after a restart, then hands it 100 records at a time: how long that takes, and what it
 * takes of memory in a process that does nothing else. Linux.
 */
import { createWriteStream } from "node:fs";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { parseArgs } from "node:util";
import { describeMachine } from "../src/machine.js";
import type { ResultRecord } from "../src/records/record.js";
import type { SitesWorkerData } from "../src/sinks/sites-worker.js";
import { median } from "../src/statistics.js";
import { WorkerThread } from "../src/worker-thread.js";
import { FRAMES, largeRun } from "./large-run-records.js";

const UPDATES = 5;
const RECORDS_AN_UPDATE = 100;

const { values } = parseArgs({
  options: {
    records: { type: "string", default: "300000" },
    dist: { type: "string", default: "dist" },
    json: { type: "string" },
  },
});
const records = Number(values.records);
const folder = await mkdtemp(join(tmpdir(), "parfocal-bench-"));
const journal = join(folder, "results.jsonl");
try {
  const all = largeRun(Math.ceil((records + UPDATES * RECORDS_AN_UPDATE) / FRAMES));
  await pipeline(Readable.from(lines(all, records)), createWriteStream(journal));
  const path = join(folder, "sites.csv");
  const workerData: SitesWorkerData = { path, journal, journalBytes: (await stat(journal)).size };
  const before = await residentMb();
  const base = new URL(`../${values.dist}/sinks/x.js`, import.meta.url).href;
  const thread = new WorkerThread("sites-worker.js", base, { workerData });
  const restoreMs = await timed(() => thread.call("restore"));
  const updatesMs: number[] = [];
  for (let i = 0; i < UPDATES; i++) {
    const news = [...lines(all, RECORDS_AN_UPDATE)].map((line) => line.trimEnd());
    updatesMs.push(await timed(() => thread.call("update", news)));
  }
  const { size } = await stat(path);
  const row = {
    records,
    tableMb: size / 1e6,
    restoreS: restoreMs / 1000,
    updateMs: median(updatesMs)!,
    threadMb: (await residentMb()) - before,
  };
  await thread.stop();
  console.log(`Machine: ${describeMachine()}`);
  console.log(
    `${records} records, a table of ${row.tableMb.toFixed(0)} MB: read in ${row.restoreS.toFixed(1)} s, an update ${row.updateMs.toFixed(0)} ms, ` +
      `${row.threadMb.toFixed(0)} MB of memory`,
  );
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(row, null, 2)}\n`);
} finally {
  await rm(folder, { recursive: true, force: true });
}

function* lines(of: Generator<ResultRecord>, count: number): Generator<string, void, undefined> {
  for (let i = 0; i < count; i++) {
    const next = of.next();
    if (next.done === true) return;
    yield `${JSON.stringify(next.value)}\n`;
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}

async function residentMb(): Promise<number> {
  return Number(/VmRSS:\s+(\d+)/.exec(await readFile("/proc/self/status", "utf8"))![1]) / 1024;
}
