/**
 * Faults at random moments while two controllers work: `npm run test:faults`, `-- --faults 500`, `-- --json FILE`. Ends with
 * 1 if an acquisition was held up, an acknowledged verdict is not on record, or the agent did not come back in time. Linux.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { describeMachine } from "../../src/machine.js";
import { Random } from "../../src/optics/random.js";
import { FAULTS, type Fault } from "./faults.js";
import { pause, SteadyController } from "./steady-controller.js";

/** Longest time from the end of a fault to the next verdict of each controller, ms. */
const RECOVERY_MS = 3000;
/** Time between two attempts of the agent to write what the disk has refused, ms. */
const RETRY_MS = 1000;
/** A controller that is held up longer by one frame than its deadline and its patience has stalled, ms. */
const STALLED_MS = 1500;

interface Row {
  readonly fault: string;
  count: number;
  unanswered: number;
  missing: number;
  slowestMs: number;
}

const { values } = parseArgs({
  options: {
    faults: { type: "string", default: "30" },
    seed: { type: "string", default: "1" },
    json: { type: "string" },
  },
});
const random = new Random(Number(values.seed));
const folder = await mkdtemp(join(tmpdir(), "parfocal-faults-"));
const results = join(folder, "results");
const agent = startAgent();
let pid = 0;
let address = "";
await new Promise<void>((resolve) => {
  createInterface({ input: agent.stdout! }).on("line", (line) => {
    const ready = JSON.parse(line) as { pid: number; addresses: { zeromq: string } };
    ({ pid } = ready);
    address = ready.addresses.zeromq;
    resolve();
  });
});
const controllers = ["one", "two"].map((session) => new SteadyController(address, session));
const running = controllers.map((controller) => controller.run());
const rows = new Map<string, Row>(
  FAULTS.map(({ name }) => [name, { fault: name, count: 0, unanswered: 0, missing: 0, slowestMs: 0 }]),
);
await pause(1000);
for (let i = 0; i < Number(values.faults); i++) await inject(FAULTS[i % FAULTS.length]!);
for (const controller of controllers) controller.stop();
await Promise.all(running);
agent.kill("SIGTERM");
await new Promise((resolve) => void agent.once("close", resolve));
await rm(folder, { recursive: true, force: true });
await tell();

function startAgent(): ChildProcess {
  const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
  const places = [
    "--address",
    "tcp://127.0.0.1:*",
    "--publish",
    "tcp://127.0.0.1:*",
    "--dashboard-port",
    "0",
  ];
  const args = [main, "agent", "--supervise", ...places, "--results", results, "--device", "cpu"];
  return spawn(process.execPath, [...args, "--log-level", "silent"], { stdio: ["ignore", "pipe", "ignore"] });
}

async function inject(fault: Fault): Promise<void> {
  const row = rows.get(fault.name)!;
  await pause(random.below(500));
  const unanswered = controllers.reduce((sum, controller) => sum + controller.unanswered, 0);
  await fault.happen({ pid, address, results, random });
  if (fault.deletesResults) for (const controller of controllers) controller.told.clear();
  const endMs = performance.now();
  while (
    controllers.some(({ lastVerdictMs }) => lastVerdictMs <= endMs) &&
    performance.now() - endMs < 10 * RECOVERY_MS
  ) {
    await pause(5);
  }
  row.count++;
  row.slowestMs = Math.max(row.slowestMs, ...controllers.map(({ lastVerdictMs }) => lastVerdictMs - endMs));
  row.unanswered += controllers.reduce((sum, controller) => sum + controller.unanswered, 0) - unanswered;
  // What the disk has refused meanwhile is tried again after a second.
  if (fault.deletesResults) await pause(2 * RETRY_MS);
  row.missing += await missing();
}

/** Verdicts that a controller was told and that are not on record. Each is counted once. */
async function missing(): Promise<number> {
  const told = controllers.map(({ told }) => [...told]);
  const recorded = new Set<string>();
  for (const line of (await readFile(join(results, "results.jsonl"), "utf8").catch(() => "")).split("\n")) {
    const id = /"type":"verdict","id":"([^"]+)"/.exec(line)?.[1];
    if (id !== undefined) recorded.add(id);
  }
  let count = 0;
  for (const [index, ids] of told.entries()) {
    for (const id of ids) {
      if (!recorded.has(id)) count++;
      controllers[index]!.told.delete(id);
    }
  }
  return count;
}

async function tell(): Promise<void> {
  const longestMs = Math.max(...controllers.map((controller) => controller.longestMs));
  const sent = controllers.reduce((sum, controller) => sum + controller.sent, 0);
  const all = [...rows.values()].filter(({ count }) => count > 0);
  console.log(`Machine: ${describeMachine()}\n`);
  console.log("| fault | times | frames without answer | acknowledged and missing | slowest recovery, ms |");
  console.log("|---|---|---|---|---|");
  for (const { fault, count, unanswered, missing, slowestMs } of all) {
    console.log(`| ${fault} | ${count} | ${unanswered} | ${missing} | ${slowestMs.toFixed(0)} |`);
  }
  console.log(
    `\n${sent} frames; longest time that a controller was held up by one: ${longestMs.toFixed(0)} ms`,
  );
  if (values.json !== undefined)
    await writeFile(values.json, `${JSON.stringify({ rows: all, sent, longestMs }, null, 2)}\n`);
  const isBad =
    longestMs > STALLED_MS || all.some(({ missing, slowestMs }) => missing > 0 || slowestMs > RECOVERY_MS);
  if (isBad) process.exitCode = 1;
}
