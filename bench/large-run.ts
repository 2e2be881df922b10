/**
 * A large run on the page: `npm run bench:large-run`, `-- --json FILE`. A plate of 1536 wells, 4 sites a well, 4 channels
 * (24,576 records) from the results store of a real agent, opened in a real browser; then further records live.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { parseArgs } from "node:util";
import { formatWell } from "../src/frames/wells.js";
import { describeMachine } from "../src/machine.js";
import { GateClient } from "../src/microscope/gate-client.js";
import { Random } from "../src/optics/random.js";
import type { FrameMessage } from "../src/protocol/messages.js";
import type { ResultRecord } from "../src/records/record.js";
import { quantile } from "../src/statistics.js";
import { freePorts, startAgentProcess } from "../test/helpers/agent-process.js";
import { launchChromium } from "../test/helpers/chromium.js";

const [ROWS, COLUMNS, SITES] = [32, 48, 4];
const CHANNELS = ["DAPI", "GFP", "Cy3", "Cy5"];
const OPENINGS = 5;
const LIVE_S = 10;
const SESSION = "large";

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
  console.log(`${records.length} records of ${ROWS * COLUMNS * SITES * CHANNELS.length} frames in the store`);
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
    if (runs[0]?.frames === ROWS * COLUMNS * SITES * CHANNELS.length) break;
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
    const header = headerOf(i % (ROWS * COLUMNS), 0, "DAPI", 1);
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

function* largeRun(): Generator<ResultRecord> {
  const random = new Random(1);
  let recordedMs = Date.now() - 7_200_000;
  for (let well = 0; well < ROWS * COLUMNS; well++) {
    for (let site = 0; site < SITES; site++) {
      for (const channel of CHANNELS) {
        recordedMs += 250;
        const frame = headerOf(well, site, channel, 0);
        const level = Math.min(
          10,
          Math.max(0, random.uniform() < 0.03 ? 8 * random.uniform() : 0.5 + 0.15 * random.normal()),
        );
        const certainty = Math.min(1, Math.max(0, 0.6 + 0.15 * random.normal()));
        const decision = certainty < 0.25 ? "abstain" : level > 1 ? "flag" : "accept";
        yield {
          ...{
            v: 1,
            type: "verdict",
            id: frame.id,
            session: SESSION,
            level: Math.round(level),
            expectedLevel: level,
          },
          condition: decision === "abstain" ? "blank" : level > 1 ? "defocused" : "in-focus",
          ...{ aggregateCertainty: certainty, meanCertainty: certainty, maxCertainty: certainty, decision },
          ...{ acquireAgain: false, keepAttempt: 0, attemptsLeft: 0, reason: `level ${level.toFixed(1)}` },
          ...{ model: { name: "default", sha256: "0".repeat(64) }, recordedMs, source: "zeromq", frame },
          timings: { queueMs: 0.1, scoreMs: 9, totalMs: 9.4 },
        };
      }
    }
  }
}

function headerOf(well: number, site: number, channel: string, timeIndex: number): FrameMessage {
  const [row, column] = [Math.floor(well / COLUMNS), well % COLUMNS];
  const name = `${formatWell(row, column)}-Site_${site}`;
  return {
    ...{
      v: 1,
      type: "frame",
      id: `${SESSION}/${name}/${channel}/${timeIndex}`,
      session: SESSION,
      sequence: 0,
    },
    ...{ mode: "observe", dtype: "uint16", shape: [1024, 1024], attempt: 0, channel, timeIndex, zIndex: 0 },
    site: { name, plate: "P-1536", well: formatWell(row, column), index: site, row, column },
    ...{ xUm: column * 2250 + (site % 2) * 600, yUm: row * 2250 + (site >> 1) * 600 },
    ...{ zUm: 20 + 0.1 * column + 0.2 * row, zSource: "measured", zLimitsUm: [0, 100], pixelUm: 0.65 },
  };
}
