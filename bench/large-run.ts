/**
 * A large run on the page: `npm run bench:large-run`, `-- --json FILE`. A plate of 1536 wells, 4 sites a well, 4 channels
 * (24,576 records) from the results store of a real agent, opened in a real browser; then further records live.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { parseArgs } from "node:util";
import { describeMachine } from "../src/machine.js";
import { GateClient } from "../src/microscope/gate-client.js";
import { quantile } from "../src/statistics.js";
import { freePorts, startAgentProcess } from "../test/helpers/agent-process.js";
import { launchChromium } from "../test/helpers/chromium.js";
import { FRAMES, largeHeader, largeRun, SESSION, WELLS } from "./large-run-records.js";

const OPENINGS = 5;
const LIVE_S = 10;

const { values } = parseArgs({
  options: { json: { type: "string" }, keep: { type: "boolean", default: false } },
});
const machine = describeMachine();
console.log(`Machine: ${machine}\n`);
const folder = await mkdtemp(join(tmpdir(), "parfocal-large-run-"));
const records = [...largeRun()];
await writeFile(
  join(folder, "results.jsonl"),
  `${records.map((record) => JSON.stringify(record)).join("\n")}\n`,
);
const agent = await startAgentProcess([
  ...["agent", ...freePorts(), "--results", folder, "--device", "cpu", "--log-level", "warn"],
]);
const browser = await launchChromium();
try {
  const { zeromq, dashboard } = agent.addresses;
  await runsListed(dashboard);
  const openedMs: number[] = [];
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  for (let i = 0; i < OPENINGS; i++) {
    const startMs = performance.now();
    await page.goto(dashboard);
    await page.getByTestId("run-picker").selectOption(SESSION);
    await page.getByLabel(/^AF48 level/).waitFor({ state: "attached" });
    openedMs.push(performance.now() - startMs);
  }
  console.log(`${records.length} records of ${FRAMES} frames in the store`);
  console.log(
    `Opened in ${openedMs.map((ms) => `${(ms / 1000).toFixed(2)} s`).join(", ")} (the first one reads the store)`,
  );
  const frames = await liveFrames(zeromq, page);
  console.log(
    `Live for ${LIVE_S} s, about 20 frames a second: pictures of the page drawn after ${frames.p50Ms.toFixed(0)} ms (median), ${frames.p95Ms.toFixed(0)} ms (95 %), ${frames.maxMs.toFixed(0)} ms (longest)`,
  );
  if (values.json !== undefined) {
    const result = { machine, records: records.length, openedMs, live: frames };
    await writeFile(values.json, `${JSON.stringify(result, null, 2)}\n`);
  }
  if (values.keep) {
    console.log(`The page stays at ${dashboard} until Ctrl-C.`);
    await new Promise(() => undefined);
  }
} finally {
  await browser.close();
  await agent.stop();
  await rm(folder, { recursive: true, force: true });
}

/** Waits until the store has caught up with results.jsonl. */
async function runsListed(dashboard: string): Promise<void> {
  const startMs = performance.now();
  for (;;) {
    const response = await fetch(`${dashboard}api/runs`);
    const { runs = [] } = (await response.json()) as { runs?: { frames: number }[] };
    if (runs[0]?.frames === FRAMES) break;
    await setTimeout(50);
  }
  console.log(`The store read results.jsonl in ${((performance.now() - startMs) / 1000).toFixed(1)} s`);
}

/** Sends frames to the same run and takes the times between two pictures that the page draws. */
async function liveFrames(zeromq: string, page: { evaluate<T>(what: string): Promise<T> }) {
  const client = new GateClient(zeromq, SESSION);
  client.start();
  await client.waitForAgent(10_000);
  await page.evaluate(
    "window.drawn = []; (function next(last) { requestAnimationFrame((now) => { window.drawn.push(now - last); next(now); }); })(performance.now())",
  );
  const pixels = new Uint16Array(168 * 168).map((_, i) => 100 + ((i * 7919) % 400));
  const untilMs = performance.now() + LIVE_S * 1000;
  for (let i = 0; performance.now() < untilMs; i++) {
    const header = largeHeader(i % WELLS, 0, "DAPI", 1);
    await client.score(
      { ...header, id: `${SESSION}/live/${i}`, mode: "gate", shape: [168, 168] },
      pixels,
      5000,
    );
    await setTimeout(40);
  }
  await client.stop();
  const times = (await page.evaluate<number[]>("window.drawn")).slice(1).sort((a, b) => a - b);
  return { p50Ms: quantile(times, 0.5), p95Ms: quantile(times, 0.95), maxMs: quantile(times, 1) };
}
