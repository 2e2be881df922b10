/**
 * The table of sites of a long run: `npm run bench:sites-table`, `-- --records N --json FILE`. Writes a results.jsonl of so many records, lets
 * the table's thread read it as after a restart, then hands it 100 records at a time: how long that takes, and what it
 * takes of memory in a process that does nothing else. Linux.
 */
import { createWriteStream } from "node:fs";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { parseArgs } from "node:util";
import { describeMachine } from "../src/machine.js";
import type { ResultRecord } from "../src/records/record.js";
import type { SitesWorkerData } from "../src/sinks/sites-worker.js";
import { WorkerThread } from "../src/worker-thread.js";
import { residentMib } from "../test/helpers/resident-memory.js";
import { FRAMES, largeRun } from "./large-run-records.js";

/** The thread gives way to others, so that only the processor time compares on a machine that is in use. */
interface Time {
  readonly s: number;
  readonly cpuS: number;
}

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
  const before = residentMib("self");
  const base = new URL(`../${values.dist}/sinks/x.js`, import.meta.url).href;
  const thread = new WorkerThread("sites-worker.js", base, { workerData });
  const restore = await timed(() => thread.call("restore"));
  const updates: Time[] = [];
  for (let i = 0; i < UPDATES; i++) {
    const news = [...lines(all, RECORDS_AN_UPDATE)].map((line) => line.trimEnd());
    updates.push(await timed(() => thread.call("update", news)));
  }
  const { size } = await stat(path);
  const row = {
    records,
    tableMb: size / 1e6,
    restore,
    update: updates.toSorted((a, b) => a.cpuS - b.cpuS)[Math.floor(UPDATES / 2)]!,
    threadMb: residentMib("self") - before,
  };
  await thread.stop();
  console.log(`Machine: ${describeMachine()}`);
  console.log(
    `${records} records, a table of ${row.tableMb.toFixed(0)} MB: read in ${shown(row.restore)}, an update ${shown(row.update)}, ` +
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

async function timed(work: () => Promise<unknown>): Promise<Time> {
  const [startMs, cpu] = [performance.now(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(cpu);
  return { s: (performance.now() - startMs) / 1000, cpuS: (user + system) / 1e6 };
}

function shown({ s, cpuS }: Time): string {
  return `${s.toFixed(2)} s (${cpuS.toFixed(2)} s of processor time)`;
}
