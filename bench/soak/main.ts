/**
 * A long run: `npm run bench:soak`, `-- --frames N --side PX --empty SHARE --json FILE --plot FILE.svg`. Two controllers that watch and one that gates send
 * frames to a real agent as fast as its answers come, a folder gets a file now and then, and a page is open. Every few seconds the
 * agent's memory, open handles and latency are looked at. Ends with 1 if a frame got no answer, or two. Linux.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { parseArgs } from "node:util";
import { WebSocket } from "ws";
import { writeTiff } from "../../src/frames/write-tiff.js";
import { describeMachine } from "../../src/machine.js";
import { freePorts, startAgentProcess } from "../../test/helpers/agent-process.js";
import { benchFrame } from "../frames.js";
import { DEADLINE_MS, SoakController } from "./controllers.js";
import { framesOnRecord } from "./on-record.js";
import { soakScene } from "./pictures.js";
import { latencies, lookAt, type SoakSample, trendOf } from "./samples.js";
import { soakPlot } from "./soak-plot.js";

/** Frames of one watching controller that are in flight. */
const IN_FLIGHT = 6;
/** One file for so many frames, and its side, px. */
const FRAMES_A_FILE = 500;
const FILE_PX = 256;

const { values } = parseArgs({
  options: {
    frames: { type: "string", default: "1000000" },
    every: { type: "string", default: "10" },
    side: { type: "string" },
    empty: { type: "string", default: "0" },
    json: { type: "string" },
    plot: { type: "string" },
    "node-flag": { type: "string", multiple: true, default: [] },
  },
});
const frames = Number(values.frames);
/** All frames have this side, px, where it is given. */
const side = values.side === undefined ? undefined : Number(values.side);
const machine = describeMachine();
console.log(`Machine: ${machine}; ${frames} frames\n`);
const folder = await mkdtemp(join(tmpdir(), "parfocal-soak-"));
const [results, drop] = [join(folder, "results"), join(folder, "drop")];
await mkdir(drop);
const agent = await startAgentProcess(
  [
    ...["agent", ...freePorts(), "--results", results, "--folder", drop],
    ...["--device", "cpu", "--log-level", "warn"],
  ],
  values["node-flag"],
);
// Its log must be read, or the agent would wait for it.
agent.child.stderr?.resume();
const controllers = await Promise.all(
  ["watch-1", "watch-2", "gate"].map(
    async (session, i) =>
      new SoakController(agent.addresses.zeromq, session, await soakScene(i, Number(values.empty), side)),
  ),
);
const [first, second, gating] = controllers as [SoakController, SoakController, SoakController];
const sum = (of: (controller: SoakController) => number) =>
  controllers.reduce((total, controller) => total + of(controller), 0);
const isOver = () => sum(({ sent }) => sent) >= frames;
const samples: SoakSample[] = [];
let [files, heard] = [0, 0];
try {
  const page = new WebSocket(new URL("ws", agent.addresses.dashboard.replace("http", "ws")));
  page.on("message", () => void heard++);
  const startMs = performance.now();
  console.log("     s    frames   frames/s   memory, MB   handles   p50, ms   p99, ms");
  const looking = new AbortController();
  const looks = look(startMs, looking.signal);
  const filling = fill();
  await Promise.all([first.watch(IN_FLIGHT, isOver), second.watch(IN_FLIGHT, isOver), gating.gate(isOver)]);
  await Promise.all(controllers.map((controller) => controller.stop(DEADLINE_MS)));
  const tookS = (performance.now() - startMs) / 1000;
  await filling;
  looking.abort();
  await looks;
  await recorded();
  page.terminate();
  await agent.stop();
  await tell(tookS);
} finally {
  await agent.stop();
  await rm(folder, { recursive: true, force: true });
}

/** Looks at the agent until there is nothing more to see. */
async function look(startMs: number, signal: AbortSignal): Promise<void> {
  let [lastFrames, lastMs] = [0, startMs];
  while (!signal.aborted) {
    await setTimeout(1000 * Number(values.every), undefined, { signal }).catch(() => undefined);
    const answered = sum((controller) => controller.answered);
    if (answered === lastFrames) continue;
    const nowMs = performance.now();
    const taken = controllers.flatMap((controller) => controller.takeLatencies());
    const sample: SoakSample = {
      ...{ s: (nowMs - startMs) / 1000, frames: answered },
      framesPerSecond: (1000 * (answered - lastFrames)) / (nowMs - lastMs),
      ...(await lookAt(agent.pid)),
      ...latencies(taken),
    };
    samples.push(sample);
    [lastFrames, lastMs] = [answered, nowMs];
    const { s, framesPerSecond, residentMb, handles, p50Ms, p99Ms } = sample;
    console.log(
      `${s.toFixed(0).padStart(6)} ${String(answered).padStart(9)} ${framesPerSecond.toFixed(1).padStart(10)} ${residentMb.toFixed(0).padStart(12)} ` +
        `${String(handles).padStart(9)} ${p50Ms.toFixed(1).padStart(9)} ${p99Ms.toFixed(1).padStart(9)}`,
    );
  }
}

/** Puts files in the folder as frames go by. */
async function fill(): Promise<void> {
  const pixels = await benchFrame(FILE_PX);
  while (!isOver()) {
    if (sum(({ sent }) => sent) < files * FRAMES_A_FILE) {
      await setTimeout(50);
      continue;
    }
    const path = join(drop, `image_${String(files++).padStart(6, "0")}.tif`);
    await writeTiff(path, { width: FILE_PX, height: FILE_PX, pixels });
  }
}

/** Waits until the files are on record, too. */
async function recorded(): Promise<void> {
  const path = join(results, "results.jsonl");
  const untilMs = performance.now() + DEADLINE_MS;
  while (performance.now() < untilMs) {
    if ((await framesOnRecord(path, new Map())).fromFolder >= files) return;
    await setTimeout(1000);
  }
}

async function tell(tookS: number): Promise<void> {
  const sent = new Map(controllers.map((controller) => [controller.session, controller.sent]));
  const record = await framesOnRecord(join(results, "results.jsonl"), sent);
  const types = new Map<string, number>();
  for (const controller of controllers) {
    for (const [type, count] of controller.types) types.set(type, (types.get(type) ?? 0) + count);
  }
  const [missing, tooMany] = [
    sum((controller) => controller.missing),
    sum((controller) => controller.tooMany),
  ];
  const trend = trendOf(samples);
  const total = sum((controller) => controller.sent);
  console.log(
    `\n${total} frames in ${tookS.toFixed(0)} s, ${(total / tookS).toFixed(1)} a second: ${[...types].map(([type, count]) => `${count} ${type}`).join(", ")}; ` +
      `${missing} without an answer, ${tooMany} answers too many`,
  );
  console.log(
    `On record: ${record.missing} of them missing, ${record.twice} twice; ${record.fromFolder} of ${files} files. The page got ${heard} messages`,
  );
  if (trend !== undefined) {
    const change = ([a, b]: readonly [number, number], digits: number) =>
      `${a.toFixed(digits)} to ${b.toFixed(digits)}`;
    console.log(
      `From frame ${trend.fromFrames} on, first to last fifth: memory ${change(trend.memoryMb, 0)} MB, handles ${change(trend.handles, 0)}, ` +
        `p50 ${change(trend.p50Ms, 1)} ms, p99 ${change(trend.p99Ms, 1)} ms`,
    );
  }
  const result = {
    machine,
    frames: total,
    tookS,
    types: Object.fromEntries(types),
    missing,
    tooMany,
    record,
    files,
    trend,
    samples,
  };
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(result, null, 2)}\n`);
  if (values.plot !== undefined) {
    await writeFile(values.plot, soakPlot(samples, `${total} frames in ${(tookS / 60).toFixed(0)} min`));
  }
  const isBad =
    missing > 0 || tooMany > 0 || record.missing > 0 || record.twice > 0 || record.fromFolder !== files;
  if (isBad) process.exitCode = 1;
}
