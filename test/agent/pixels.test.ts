import { expect, onTestFinished, test } from "vitest";
import { Agent } from "../../src/agent/agent.js";
import { FrameMemory, receivedFrame, releaser } from "../../src/frame-memory.js";
import type { Frame } from "../../src/frames/frame.js";
import type { Sink } from "../../src/sinks/sink.js";
import type { FrameSource, SourceHandler } from "../../src/sources/source.js";
import { frame as frameHeader, report } from "../refocus/helpers.js";
import { faultyScorer, silent, testConfig } from "./helpers.js";

const SIDE_PX = 100;

/** An agent whose frames lie in memory that is used again; the scorer looks at their pixels when it is done. */
async function agentOverMemory(
  score: (count: number) => Promise<void>,
  queue: object = {},
  sinks: Sink[] = [],
) {
  const memory = new FrameMemory();
  const seen: number[] = [];
  const pictures: number[] = [];
  const answers: string[] = [];
  let handler: SourceHandler | undefined;
  const source: FrameSource = {
    start: async (to) => {
      handler = to;
      return "here";
    },
    pause: async () => undefined,
    stop: async () => undefined,
  };
  const scorer = faultyScorer(async ({ pixels }: Frame) => {
    await score(pixels[0]!);
    seen.push(pixels[0]!);
    return report(0.3);
  });
  const agent = new Agent({
    ...{ config: testConfig("/nowhere", { queue, scorer: { concurrency: 1 } }), scorer, log: silent },
    onScored: ({ frame }) => pictures.push(frame.pixels[0]!),
    sources: new Map([["memory", source]]),
    sinks: new Map(sinks.map((sink, i) => [String(i), sink])),
  });
  await agent.start();
  onTestFinished(() => agent.stop(AbortSignal.abort()));
  const send = (count: number, beside: object) => {
    const pixels = new Uint16Array(SIDE_PX ** 2).fill(count);
    const { memory: shared } = memory.copyOf(pixels);
    const header = { ...frameHeader({ id: String(count), ...beside }), shape: [SIDE_PX, SIDE_PX] };
    void handler!.frame({
      ...{ source: "memory", header: header as never, receivedMs: performance.now() },
      frame: receivedFrame({ width: SIDE_PX, height: SIDE_PX, dtype: "uint16", memory: shared }),
      letGo: releaser(shared),
      answer: ({ type }) => answers.push(`${count}: ${type}`),
    });
    return new Int32Array<SharedArrayBuffer>(shared, 0, 1);
  };
  const settled = (count: number) => expect.poll(() => answers.length).toBe(count);
  return { send, seen, pictures, answers, settled };
}

test("a frame keeps its pixels until it is scored and pictured, and then lets go of them", async () => {
  const { send, seen, pictures, settled } = await agentOverMemory(
    () => new Promise((done) => setTimeout(done, 2)),
  );
  const holders: Int32Array<SharedArrayBuffer>[] = [];
  for (let i = 1; i <= 30; i++) {
    holders.push(send(i, { mode: "gate" }));
    await settled(i);
  }
  expect(seen).toEqual(Array.from({ length: 30 }, (_, i) => i + 1));
  expect(pictures).toEqual(seen);
  await expect.poll(() => holders.every((each) => Atomics.load(each, 0) === 0)).toBe(true);
  // The next takes the memory of the one before.
  expect(new Set(holders.map(({ buffer }) => buffer)).size).toBeLessThanOrEqual(2);
});

test("a frame whose record takes long keeps its pixels until its picture is made", async () => {
  const written: (() => void)[] = [];
  const disk: Sink = {
    start: async () => "there",
    write: ({ type }) => (type === "verdict" ? new Promise((done) => void written.push(done)) : undefined),
    counts: () => ({ written: 0, failures: 0, lost: 0 }),
    stop: async () => undefined,
  };
  const { send, pictures, settled } = await agentOverMemory(async () => undefined, {}, [disk]);
  for (const count of [1, 2]) {
    send(count, { mode: "gate" });
    await expect.poll(() => written.length).toBe(count);
  }
  for (const done of written) done();
  await settled(2);
  expect(pictures).toEqual([1, 2]);
});

test.each([
  ["scoring fails", { mode: "gate" }, () => Promise.reject(new Error("no")), "error"],
  [
    "its deadline is over",
    { mode: "gate", deadlineMs: 1 },
    () => new Promise<void>((done) => setTimeout(done, 50)),
    "drop",
  ],
])("lets go of its pixels where %s", async (_, header, score, answer) => {
  const { send, answers, settled } = await agentOverMemory(score);
  const holders = [send(1, header), send(2, { ...header, session: "other" })];
  await settled(2);
  expect(answers).toEqual([`1: ${answer}`, `2: ${answer}`]);
  await expect.poll(() => holders.map((each) => Atomics.load(each, 0))).toEqual([0, 0]);
});

test("frames that are driven out of the queue let go of their pixels at once, and those in work do not", async () => {
  let release = () => {};
  const held = new Promise<void>((done) => (release = done));
  const { send, seen, settled } = await agentOverMemory(() => held, { observePerController: 3 });
  const holders = Array.from({ length: 8 }, (_, i) => send(i + 1, { mode: "observe" }));
  await settled(4);
  // One in work, three that wait, and one that came.
  expect(new Set(holders.map(({ buffer }) => buffer)).size).toBe(5);
  release();
  await settled(8);
  expect(seen).toEqual([1, 6, 7, 8]);
  await expect.poll(() => holders.every((each) => Atomics.load(each, 0) === 0)).toBe(true);
});
