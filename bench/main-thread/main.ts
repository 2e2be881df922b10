/**
 * How long the agent's main thread is kept from its timers: `npm run bench:main-thread`, `-- --seconds N --json FILE`. First idle,
 * then under mixed load: gated frames of 1024 x 1024 px, frames of 8192 x 8192, watched ones of 2048 x 2048, a drop folder with hostile
 * files, 98,304 rows in sites.csv, and the page's records. Beside it, what a process that does nothing waits in the same time: how
 * often the machine itself is late. Linux.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { WebSocket } from "ws";
import { describeMachine } from "../../src/machine.js";
import { GateClient } from "../../src/microscope/gate-client.js";
import { quantile } from "../../src/statistics.js";
import { freePorts, startAgentProcess } from "../../test/helpers/agent-process.js";
import { benchFrame, benchHeader } from "../frames.js";
import { FRAMES, largeRun, SESSION } from "../large-run-records.js";
import { hostileFiles } from "./hostile-files.js";

const TIME_POINTS = 4;
const PROBE = fileURLToPath(new URL("./probe.js", import.meta.url));

/** Sorted, ms. */
interface Gaps {
  readonly all: readonly number[];
  readonly own: readonly number[];
}

const { values } = parseArgs({
  options: { seconds: { type: "string", default: "60" }, json: { type: "string" } },
});
const seconds = Number(values.seconds);
const folder = await mkdtemp(join(tmpdir(), "parfocal-bench-"));
const [results, drop, probed, probedIdle] = ["results", "drop", "probed", "probed-idle"].map((name) =>
  join(folder, name),
) as [string, string, string, string];
await mkdir(drop);
await mkdir(results);
const lines = [...largeRun(TIME_POINTS)].map((record) => JSON.stringify(record));
await writeFile(join(results, "results.jsonl"), `${lines.join("\n")}\n`);
const nothing = spawn(process.execPath, ["--import", PROBE, "--eval", "setInterval(() => {}, 1e6)"], {
  env: { ...process.env, PROBE_FILE: probedIdle },
});
process.env.PROBE_FILE = probed;
const agent = await startAgentProcess(
  [
    ...["agent", ...freePorts(), "--results", results, "--folder", drop, "--device", "cpu"],
    ...["--log-level", "silent"],
  ],
  ["--import", PROBE],
);
try {
  console.log(`Machine: ${describeMachine()}; ${seconds} s each, ${TIME_POINTS * FRAMES} rows\n`);
  await caughtUp();
  const load = await mixedLoad();
  await bothGaps();
  await setTimeout(seconds * 1000);
  const idle = await shownBoth("idle");
  await load(performance.now() + seconds * 1000);
  const loaded = await shownBoth("mixed load");
  if (values.json !== undefined)
    await writeFile(values.json, `${JSON.stringify({ idle, loaded }, null, 2)}\n`);
} finally {
  nothing.kill();
  await agent.stop();
  await rm(folder, { recursive: true, force: true });
}

/** Waits until the store has read what was there before. */
async function caughtUp(): Promise<void> {
  for (;;) {
    const response = await fetch(`${agent.addresses.dashboard}api/runs`);
    const { runs = [] } = (await response.json()) as { runs?: { id: string; frames: number }[] };
    if (runs.find(({ id }) => id === SESSION)?.frames === TIME_POINTS * FRAMES) return;
    await setTimeout(200);
  }
}

async function shownBoth(name: string) {
  const [ofAgent, ofNothing] = await bothGaps();
  return { agent: shown(name, ofAgent), nothing: shown(`${name}, a process that does nothing`, ofNothing) };
}

function bothGaps(): Promise<[Gaps, Gaps]> {
  return Promise.all([gaps(agent.pid, probed), gaps(nothing.pid!, probedIdle)]);
}

/** The gaps since the last time: the time that passed, and without what the thread waited for a core, ms. */
async function gaps(pid: number, file: string): Promise<Gaps> {
  await rm(file, { force: true });
  process.kill(pid, "SIGUSR2");
  for (let size = -1; ; ) {
    const now = (await stat(file).catch(() => ({ size: -1 }))).size;
    if (now > 0 && now === size) break;
    size = now;
    await setTimeout(50);
  }
  const bytes = await readFile(file);
  const pairs = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  const of = (offset: number) => [...pairs].filter((_, i) => i % 2 === offset).sort((a, b) => a - b);
  return { all: of(0), own: of(1) };
}

function shown(name: string, { all, own }: Gaps) {
  const figures = (sorted: readonly number[]) => ({
    p50Ms: quantile(sorted, 0.5),
    p99Ms: quantile(sorted, 0.99),
    p999Ms: quantile(sorted, 0.999),
    longestMs: sorted.at(-1)!,
    under10: 1 - sorted.filter((ms) => ms >= 10).length / sorted.length,
    over50: sorted.filter((ms) => ms > 50).length,
  });
  const row = { gaps: all.length, all: figures(all), own: figures(own) };
  for (const which of ["all", "own"] as const) {
    const { p50Ms, p99Ms, p999Ms, longestMs, under10, over50 } = row[which];
    const says = which === "all" ? "as they were" : "without waiting for a core";
    console.log(
      `${name}, ${row.gaps} gaps ${says}: p50 ${p50Ms.toFixed(1)}, p99 ${p99Ms.toFixed(1)}, 99.9 % ${p999Ms.toFixed(1)}, longest ${longestMs.toFixed(1)} ms; ` +
        `${(100 * under10).toFixed(2)} % under 10 ms, ${over50} over 50 ms`,
    );
  }
  return row;
}

/** Makes ready what loads the agent; the function does so until then. */
async function mixedLoad(): Promise<(untilMs: number) => Promise<void>> {
  const { zeromq, dashboard } = agent.addresses;
  const files = await hostileFiles();
  const sizes = [
    { session: "gate", sidePx: 1024, mode: "gate", everyMs: 200 },
    { session: "large", sidePx: 8192, mode: "gate", everyMs: 1500 },
    { session: "watch", sidePx: 2048, mode: "observe", everyMs: 200 },
  ] as const;
  const senders = await Promise.all(
    sizes.map(async (size) => ({ ...size, pixels: await benchFrame(size.sidePx) })),
  );
  return async (untilMs) => {
    const socket = new WebSocket(new URL("ws", dashboard.replace("http", "ws")));
    await once(socket, "open");
    const reading = fetch(new URL(`api/runs/${SESSION}`, dashboard)).then((run) => run.arrayBuffer());
    const sending = senders.map(async ({ session, sidePx, mode, everyMs, pixels }) => {
      const client = new GateClient(zeromq, session);
      client.start();
      await client.waitForAgent(10_000);
      for (let i = 0; performance.now() < untilMs; i++) {
        const startMs = performance.now();
        const header = { ...benchHeader(i, sidePx, 5000), id: `${session}/${i}`, session, mode };
        await client.score(header, pixels, 5000);
        await setTimeout(Math.max(0, everyMs - (performance.now() - startMs)));
      }
      await client.stop();
    });
    for (let i = 0; performance.now() < untilMs; i++) {
      await files[i % files.length]!(join(drop, `file_${i}`));
      await setTimeout(1000);
    }
    await Promise.all([...sending, reading]);
    socket.close();
    await once(socket, "close");
  };
}
