/**
 * What an open dashboard costs: `npm run bench:dashboard`, `-- --json FILE`. One agent; blocks of gated frames with the
 * page closed and open take turns, and each pair gives one ratio. The page is open in a real browser on this machine
 * (`--viewer browser`), or its records are taken as by a page on another one (`--viewer stream`). Times compare within one run only.
 */
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { parseArgs } from "node:util";
import { WebSocket } from "ws";
import { describeMachine } from "../src/machine.js";
import { GateClient } from "../src/microscope/gate-client.js";
import { quantile } from "../src/statistics.js";
import { freePorts, startAgentProcess } from "../test/helpers/agent-process.js";
import { launchChromium } from "../test/helpers/chromium.js";
import { benchFrame, benchHeader } from "./frames.js";

const SIDE_PX = 1024;
const SETTLE_MS = 4000;
const DEADLINE_MS = 5000;

const { values } = parseArgs({
  options: {
    json: { type: "string" },
    pairs: { type: "string", default: "8" },
    frames: { type: "string", default: "150" },
    "frame-ms": { type: "string", default: "200" },
    viewer: { type: "string", default: "browser" },
  },
});
const [pairs, framesPerBlock, frameMs] = [values.pairs, values.frames, values["frame-ms"]].map(Number) as [
  number,
  number,
  number,
];

interface Block {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly latenciesMs: readonly number[];
}

const machine = describeMachine();
console.log(`Machine: ${machine}`);
console.log(
  `${pairs} pairs of blocks of ${framesPerBlock} gated frames of ${SIDE_PX} x ${SIDE_PX} px, one every ${frameMs} ms\n`,
);
const folder = await mkdtemp(join(tmpdir(), "parfocal-bench-"));
const agent = await startAgentProcess([
  ...["agent", ...freePorts(), "--results", folder, "--device", "cpu", "--log-level", "warn"],
]);
try {
  const { zeromq, dashboard } = agent.addresses;
  const client = new GateClient(zeromq, "bench");
  client.start();
  await client.waitForAgent(10_000);
  const pixels = await benchFrame(SIDE_PX);
  let sequence = 0;
  const block = async (): Promise<Block> => {
    const latenciesMs: number[] = [];
    for (let i = 0; i < framesPerBlock; i++) {
      const startMs = performance.now();
      await client.score(benchHeader(sequence++, SIDE_PX, DEADLINE_MS), pixels, DEADLINE_MS);
      const tookMs = performance.now() - startMs;
      latenciesMs.push(tookMs);
      if (tookMs < frameMs) await setTimeout(frameMs - tookMs);
    }
    latenciesMs.sort((a, b) => a - b);
    return { p50Ms: quantile(latenciesMs, 0.5), p99Ms: quantile(latenciesMs, 0.99), latenciesMs };
  };
  await block();
  const rows: { closed: Block; open: Block }[] = [];
  for (let i = 0; i < pairs; i++) {
    const closed = i % 2 === 0 ? await block() : undefined;
    const close = await opened(dashboard);
    const open = await block();
    await close();
    const row = { closed: closed ?? (await block()), open };
    rows.push(row);
    console.log(
      `closed p50 ${ms(row.closed.p50Ms)} p99 ${ms(row.closed.p99Ms)}   open p50 ${ms(row.open.p50Ms)} p99 ${ms(row.open.p99Ms)}   ratio of p99 ${(row.open.p99Ms / row.closed.p99Ms).toFixed(3)}`,
    );
  }
  await client.stop();
  const ratio = (key: "p50Ms" | "p99Ms") =>
    quantile(
      rows.map(({ closed, open }) => open[key] / closed[key]).sort((a, b) => a - b),
      0.5,
    );
  const pooled = (which: "closed" | "open") =>
    quantile(
      rows.flatMap((row) => row[which].latenciesMs).sort((a, b) => a - b),
      0.99,
    );
  const ofAll = pooled("open") / pooled("closed");
  const result = {
    machine,
    pairs,
    framesPerBlock,
    frameMs,
    ratioP50: ratio("p50Ms"),
    ratioP99: ratio("p99Ms"),
    ratioP99OfAll: ofAll,
  };
  console.log(
    `\nMedian ratio, open to closed: p50 ${result.ratioP50.toFixed(3)}, p99 ${result.ratioP99.toFixed(3)}; p99 of all frames together ${ofAll.toFixed(3)}`,
  );
  if (values.json !== undefined)
    await writeFile(values.json, `${JSON.stringify({ ...result, rows }, null, 2)}\n`);
} finally {
  await agent.stop();
  await rm(folder, { recursive: true, force: true });
}

/** Opens the page; the result closes it. With `stream` only the run and its records are taken, as by a page elsewhere. */
async function opened(address: string): Promise<() => Promise<void>> {
  if (values.viewer === "stream") {
    const socket = new WebSocket(new URL("ws", address.replace("http", "ws")));
    await once(socket, "open");
    await (await fetch(new URL("api/runs/bench", address))).arrayBuffer();
    return async () => {
      socket.close();
      await once(socket, "close");
    };
  }
  const browser = await launchChromium();
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.goto(address);
  await page.getByTestId("plate-map").waitFor();
  // To start a browser is not to have a page open.
  await setTimeout(SETTLE_MS);
  return () => browser.close();
}

function ms(value: number): string {
  return `${value.toFixed(1).padStart(6)} ms`;
}
