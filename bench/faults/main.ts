/**
 * Faults at random moments while controllers work: `npm run test:faults`, `-- --faults 500`, `-- --only SIGKILL`,
 * `-- --json FILE`. Ends with 1 if an acquisition was held up, an acknowledged verdict is not on record, or the agent did not come
 * back in time; with `--untimed`, for machines whose cores others use, only for a verdict or an agent that is lost. Linux; as root, and with libfaketime, there are more kinds of fault.
 */
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { describeMachine } from "../../src/machine.js";
import { Random } from "../../src/optics/random.js";
import { CuttableProxy } from "../../test/helpers/cuttable-proxy.js";
import { AGENT_FAULTS } from "./agent-faults.js";
import { CONTROLLER_FAULTS } from "./controller-faults.js";
import type { Fault, Target } from "./fault.js";
import { RecordedVerdicts } from "./recorded-verdicts.js";
import { RemoteController } from "./remote-controller.js";
import { RESULTS_FAULTS } from "./results-faults.js";
import { SmallDisk } from "./small-disk.js";
import { Account, pause, SteadyController } from "./steady-controller.js";
import { SupervisedAgent } from "./supervised-agent.js";

/** Longest time from the end of a fault to the next verdict of each controller, ms. */
const RECOVERY_MS = 3000;
/** After this time without a verdict the campaign goes on, ms. */
const GIVEN_UP_MS = 120_000;
/** A verdict whose line went with a removed folder is told within this time, ms. */
const TOLD_MS = 1500;
/** After this time, what the disk has refused is written: the agent tries again each second, ms. */
const WRITTEN_MS = 2500;

interface Row {
  readonly fault: string;
  count: number;
  unanswered: number;
  missing: number;
  stalled: number;
  slowestMs: number;
}

const { values } = parseArgs({
  options: {
    faults: { type: "string", default: "30" },
    seed: { type: "string", default: "1" },
    only: { type: "string", default: "" },
    json: { type: "string" },
    untimed: { type: "boolean", default: false },
  },
});
const random = new Random(Number(values.seed));
const folder = await mkdtemp(join(tmpdir(), "parfocal-faults-"));
// The agent may run as somebody else.
await chmod(folder, 0o755);
const disk = new SmallDisk(join(folder, "disk"));
await disk.mount();
const agent = new SupervisedAgent(folder, disk.path);
await agent.start();
const proxy = new CuttableProxy(Number(new URL(agent.address).port));
const accounts = ["one", "two"].map((session) => new Account(session));
const proxied = `tcp://${await proxy.start()}`;
const controllers = accounts.map(
  (account, i) =>
    new SteadyController(i === 0 ? proxied : agent.address, account.session, (end) => account.take(end)),
);
const running = controllers.map((controller) => controller.run());
const remote = new RemoteController(agent.address);
remote.start();
await remote.running();
const all = [...accounts, remote.account];
const recorded = new RecordedVerdicts(join(agent.results, "results.jsonl"));
const kinds = possible([...AGENT_FAULTS, ...RESULTS_FAULTS, ...CONTROLLER_FAULTS]);
const rows = new Map<Fault, Row>(
  kinds.map((kind) => [
    kind,
    { fault: kind.name, count: 0, unanswered: 0, missing: 0, stalled: 0, slowestMs: 0 },
  ]),
);
for (let i = 0; i < Number(values.faults); i++) await inject(kinds[i % kinds.length]!);
for (const controller of controllers) controller.stop();
await Promise.all([...running, remote.stop()]);
await agent.stop();
await proxy.stop();
disk.unmount();
await rm(folder, { recursive: true, force: true });
await tell();

function target(): Target {
  const { pid, address, results, model, shiftClock } = agent;
  const steady = controllers[1]!;
  return { pid, address, results, model, shiftClock, random, proxy, steady, remote, disk };
}

/** The kinds that were asked for, without those for which this machine lacks something. */
function possible(faults: readonly Fault[]): Fault[] {
  return faults.filter(({ name, lacks }) => {
    if (!name.includes(values.only)) return false;
    const lacking = lacks?.(target());
    if (lacking !== undefined) console.log(`Left out: ${name}: there is no ${lacking}`);
    return lacking === undefined;
  });
}

async function inject(fault: Fault): Promise<void> {
  const row = rows.get(fault)!;
  await pause(random.below(500));
  const before = { unanswered: sum("unanswered"), stalled: sum("stalled") };
  await fault.happen(target());
  const endMs = performance.now();
  while (all.some(({ lastVerdictMs }) => lastVerdictMs <= endMs) && performance.now() - endMs < GIVEN_UP_MS) {
    await pause(5);
  }
  const recoveryMs = Math.max(...all.map(({ lastVerdictMs }) => lastVerdictMs - endMs));
  if (fault.deletesResults) {
    await pause(TOLD_MS);
    for (const account of all) account.told.clear();
  }
  row.count++;
  row.slowestMs = Math.max(row.slowestMs, recoveryMs);
  row.unanswered += sum("unanswered") - before.unanswered;
  row.stalled += sum("stalled") - before.stalled;
  if (fault.deletesResults || fault.refusesLines) await pause(WRITTEN_MS);
  const lost = await missing();
  row.missing += lost;
  if (lost > 0 || recoveryMs > RECOVERY_MS) {
    console.error(`${fault.name}: ${lost} missing, ${recoveryMs.toFixed(0)} ms to recover`);
  }
}

function sum(what: "unanswered" | "stalled" | "sent"): number {
  return all.reduce((total, account) => total + account[what], 0);
}

/** Verdicts that a controller was told and that are not on record. Each is counted once. */
async function missing(): Promise<number> {
  const told = all.map(({ told: ids }) => [...ids]);
  await recorded.update();
  let count = 0;
  for (const [index, ids] of told.entries()) {
    for (const id of ids) {
      if (!recorded.has(id)) count++;
      all[index]!.told.delete(id);
    }
  }
  return count;
}

async function tell(): Promise<void> {
  const longestMs = Math.max(...accounts.map((account) => account.longestMs));
  const made = [...rows.values()].filter(({ count }) => count > 0);
  console.log(`Machine: ${describeMachine()}\n`);
  console.log(
    "| fault | times | frames without answer | acknowledged and missing | stalled | slowest recovery, ms |",
  );
  console.log("|---|---|---|---|---|---|");
  for (const { fault, count, unanswered, missing: lost, stalled, slowestMs } of made) {
    console.log(`| ${fault} | ${count} | ${unanswered} | ${lost} | ${stalled} | ${slowestMs.toFixed(0)} |`);
  }
  console.log(
    `\n${sum("sent")} frames; longest time that a controller was held up by one: ${longestMs.toFixed(0)} ms`,
  );
  if (values.json !== undefined)
    await writeFile(
      values.json,
      `${JSON.stringify({ rows: made, sent: sum("sent"), longestMs }, null, 2)}\n`,
    );
  const isBad = made.some(
    ({ missing: lost, stalled, slowestMs }) =>
      lost > 0 || slowestMs >= GIVEN_UP_MS || (!values.untimed && (stalled > 0 || slowestMs > RECOVERY_MS)),
  );
  if (isBad) process.exitCode = 1;
}
