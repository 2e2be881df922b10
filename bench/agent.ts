/**
 * The agent end to end: `npm run bench:agent`, `-- --seconds N --json FILE`, `--loads 512@100,1024@100` for other sides, px, and rates. A client of its own sends frames to be watched over ZeroMQ at a
 * steady rate, on the same cores, and takes the verdicts. What the agent's process takes of a core is the system's count (Linux).
 */
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { parseArgs } from "node:util";
import { describeMachine } from "../src/machine.js";
import { GateClient } from "../src/microscope/gate-client.js";
import { quantile } from "../src/statistics.js";
import { freePorts, startAgentProcess } from "../test/helpers/agent-process.js";
import { residentMib } from "../test/helpers/resident-memory.js";
import { benchFrame, benchHeader } from "./frames.js";

/** Frames of one size at one rate; none at all for what an idle agent takes. */
interface Load {
  readonly sidePx: number;
  readonly perSecond: number;
}

const LOADS: readonly Load[] = [
  { sidePx: 2048, perSecond: 0 },
  { sidePx: 2048, perSecond: 5 },
  { sidePx: 2048, perSecond: 60 },
  { sidePx: 1024, perSecond: 200 },
];
const DEADLINE_MS = 2000;
/** Frames before those that count. */
const WARM_UP = 40;
/** After a start, V8 tidies up in every thread, as soon as these have nothing else to do. */
const SETTLED_MS = 30_000;
/** Of the clock by which Linux counts what processes take. */
const TICKS_PER_SECOND = 100;

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    json: { type: "string" },
    loads: { type: "string" },
  },
});
const seconds = Number(values.seconds);
const machine = describeMachine();
console.log(`Machine: ${machine}; ${seconds} s for each row\n`);
const rows: object[] = [];
const loads = values.loads?.split(",").map((load) => {
  const [sidePx, perSecond] = load.split("@").map(Number);
  return { sidePx: sidePx!, perSecond: perSecond! };
});
for (const load of loads ?? LOADS) {
  const row = await measured(load);
  rows.push({ ...load, ...row });
  console.log(
    `${load.sidePx} x ${load.sidePx}, ${load.perSecond} frames a second: ${row.frames} sent at ${row.reachedPerSecond.toFixed(1)} a second, ` +
      `${row.unanswered} without a verdict, p50 ${row.p50Ms.toFixed(1)} ms, p99 ${row.p99Ms.toFixed(1)} ms; ` +
      `the agent takes ${row.corePercent.toFixed(1)} % of a core and ${row.residentMb.toFixed(0)} MB`,
  );
}
if (values.json !== undefined)
  await writeFile(values.json, `${JSON.stringify({ machine, seconds, rows }, null, 2)}\n`);

async function measured({ sidePx, perSecond }: Load) {
  const folder = await mkdtemp(join(tmpdir(), "parfocal-bench-"));
  const agent = await startAgentProcess([
    ...["agent", ...freePorts(), "--results", folder, "--device", "cpu", "--log-level", "warn"],
  ]);
  const client = new GateClient(agent.addresses.zeromq, "bench");
  try {
    client.start();
    await client.waitForAgent(10_000);
    const pixels = await benchFrame(sidePx);
    const score = (sequence: number) =>
      client.score({ ...benchHeader(sequence, sidePx, DEADLINE_MS), mode: "observe" }, pixels, DEADLINE_MS);
    let sequence = 0;
    while (perSecond > 0 && sequence < WARM_UP) await score(sequence++);
    if (perSecond === 0) await setTimeout(SETTLED_MS);

    const latenciesMs: number[] = [];
    const answers: Promise<void>[] = [];
    let unanswered = 0;
    const timed = async () => {
      const sentMs = performance.now();
      if ((await score(sequence++)) === undefined) unanswered++;
      else latenciesMs.push(performance.now() - sentMs);
    };
    const [startMs, startCpuS] = [performance.now(), cpuSeconds(agent.pid)];
    for (let i = 0; i < perSecond * seconds; i++) {
      const waitMs = startMs + (1000 * i) / perSecond - performance.now();
      if (waitMs > 1) await setTimeout(waitMs);
      answers.push(timed());
    }
    if (perSecond === 0) await setTimeout(1000 * seconds);
    await Promise.all(answers);
    const tookS = (performance.now() - startMs) / 1000;
    latenciesMs.sort((a, b) => a - b);
    return {
      frames: answers.length,
      reachedPerSecond: answers.length / tookS,
      unanswered,
      p50Ms: quantile(latenciesMs, 0.5),
      p99Ms: quantile(latenciesMs, 0.99),
      corePercent: (100 * (cpuSeconds(agent.pid) - startCpuS)) / tookS,
      residentMb: residentMib(agent.pid),
    };
  } finally {
    await client.stop();
    await agent.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Time that a process has computed, in all its threads; NaN where the system does not say. */
function cpuSeconds(pid: number): number {
  const fields = procFile(pid, "stat").split(") ").at(-1)!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

function procFile(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch {
    return "";
  }
}
