import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Dealer } from "zeromq";
import { encodeFrame } from "../../src/protocol/codec.js";
import type { FrameMessage } from "../../src/protocol/messages.js";
import { type AgentProcess, freePorts, startAgentProcess } from "../helpers/agent-process.js";
import { frame } from "../refocus/helpers.js";
import { jsonLines, TestController, temporaryFolder, until } from "./helpers.js";

const SIDE = 8192;
const large = new Uint8Array(SIDE * SIDE).map((_, i) => (i * 31) % 250);

async function start(...args: string[]): Promise<AgentProcess & { results: string }> {
  const results = await temporaryFolder();
  const quiet = ["--device", "cpu", "--log-level", "warn", "--set", "dashboard.previews.enabled=false"];
  const agent = await startAgentProcess(["agent", ...freePorts(), "--results", results, ...quiet, ...args]);
  onTestFinished(() => void agent.child.kill("SIGKILL"));
  return { ...agent, results: join(results, "results.jsonl") };
}

/** A controller that sends small frames as fast as it can and goes without a word. */
async function sendAndLeave(address: string, session: string): Promise<void> {
  const socket = new Dealer({
    linger: 0,
    sendHighWaterMark: 1000,
    heartbeatInterval: 20,
    heartbeatTimeout: 60_000,
  });
  socket.connect(address);
  for (let sequence = 0; sequence < 12; sequence++) {
    const header = frame({ id: `${session}/${sequence}`, session, sequence, mode: "observe" });
    await socket.send(encodeFrame(header, new Uint8Array(100 * 100)));
  }
  await new Promise((resolve) => setTimeout(resolve, 150));
  socket.close();
}

test("while a frame of 8192 x 8192 px is scored, other controllers, heartbeats, probes and a stop are answered", async () => {
  const agent = await start();
  const slow = new TestController(agent.addresses.zeromq, "slow");
  const quick = new TestController(agent.addresses.zeromq, "quick");
  await quick.answerTo((await quick.sendFrame()).id);
  const before = quick.received.length;

  const { id } = await slow.sendFrame({ shape: [SIDE, SIDE], deadlineMs: 60_000 }, large);
  let small = 0;
  let probes = 0;
  // Until the large one is answered: at the end none of these is left waiting for it.
  while (!slow.received.some((message) => "id" in message && message.id === id)) {
    const asked = await quick.sendFrame({ deadlineMs: 5000 });
    if ((await quick.answerTo(asked.id)).type === "verdict") small++;
    if ((await fetch(`${agent.addresses.dashboard}livez`)).status === 200) probes++;
  }

  expect(small).toBeGreaterThan(1);
  expect(probes).toBe(small);
  expect(quick.received.length - before).toBeGreaterThanOrEqual(small);
  await slow.sendFrame({ shape: [SIDE, SIDE], deadlineMs: 60_000 }, large);
  agent.child.kill("SIGTERM");
  await slow.first("bye");
  expect((await agent.finished).code).toBe(0);
});

test("a controller that sends and leaves while a large frame is scored does not end the agent", async () => {
  const agent = await start();
  const slow = new TestController(agent.addresses.zeromq, "slow");
  for (let round = 0; round < 3; round++) {
    const { id } = await slow.sendFrame({ shape: [SIDE, SIDE], deadlineMs: 60_000 }, large);
    await sendAndLeave(agent.addresses.zeromq, `leaver${round}`);

    expect(await slow.answerTo(id)).toMatchObject({ type: "verdict" });
  }
  await agent.stop();
  expect((await agent.finished).code).toBe(0);
});

test("frames beyond the memory for pixels are dropped at once and their memory is free again", async () => {
  const agent = await start("--set", "queue.memoryMib=96");
  const [one, two] = ["one", "two"].map((session) => new TestController(agent.addresses.zeromq, session));
  const options: Partial<FrameMessage> = { shape: [SIDE, SIDE], deadlineMs: 60_000 };
  // Where the second arrives only when the first is scored, there is room for both.
  const dropped = await until(async () => {
    const sent = [await one!.sendFrame(options, large), await two!.sendFrame(options, large)];
    const answers = await Promise.all(
      [one, two].map((controller, index) => controller!.answerTo(sent[index]!.id)),
    );
    // Which of two sockets is read first is not settled.
    expect(answers.some(({ type }) => type === "verdict")).toBe(true);
    return answers.find(({ type }) => type === "drop");
  });
  expect(dropped).toMatchObject({ why: "overload" });
  const third = await two!.sendFrame(options, large);
  expect(await two!.answerTo(third.id)).toMatchObject({ type: "verdict" });
});

test("a log that nobody reads holds nothing up", async () => {
  const agent = await start("--set", "log.level=info");
  // Read no more of it from here on.
  agent.child.stderr!.removeAllListeners("data");
  agent.child.stderr!.pause();
  const controller = new TestController(agent.addresses.zeromq);
  for (let i = 0; i < 4000; i++) await controller.socket.send(`{"v":1,"type":"frame","id":"x${i}"}`);
  await controller.answerTo("x3999");

  const { id } = await controller.sendFrame();

  expect(await controller.answerTo(id)).toMatchObject({ type: "verdict" });
});

test("every verdict that a controller has got is in results.jsonl when the agent is killed", async () => {
  const agent = await start();
  const controllers = ["a", "b", "c"].map((session) => new TestController(agent.addresses.zeromq, session));
  let isOver: boolean = false;
  const flow = controllers.map(async (controller) => {
    while (!isOver) {
      const { id } = await controller.sendFrame();
      await Promise.race([controller.answerTo(id), agent.finished]);
    }
  });
  await until(() => controllers.every(({ received }) => received.length > 40));
  agent.child.kill("SIGKILL");
  await agent.finished;
  isOver = true;
  await Promise.all(flow);

  const recorded = new Set((await jsonLines(agent.results).catch(() => [])).map(({ id }) => id));
  const told = controllers.flatMap(({ received }) => received.filter(({ type }) => type === "verdict"));
  expect(told.length).toBeGreaterThan(100);
  expect(told.filter((verdict) => "id" in verdict && !recorded.has(verdict.id))).toEqual([]);
});

test("a supervised agent that is killed is there again on the same addresses, and stops when it is told to", async () => {
  const agent = await start("--supervise");
  const address = agent.addresses.zeromq;
  const controller = new TestController(address, "session", { reconnectInterval: 20 });
  await controller.answerTo((await controller.sendFrame()).id);

  process.kill(agent.pid, "SIGKILL");
  const { id } = await until(async () => {
    const sent = await controller.sendFrame();
    return (await Promise.race([controller.answerTo(sent.id), later()])) && sent;
  });

  expect(await controller.answerTo(id)).toMatchObject({ type: "verdict" });
  agent.child.kill("SIGTERM");
  expect((await agent.finished).code).toBe(0);
});

test("an agent whose supervisor was killed stops, and leaves its addresses to the next one", async () => {
  const first = await start("--supervise");

  first.child.kill("SIGKILL");
  await until(() => !isAlive(first.pid));

  const { zeromq, publish } = first.addresses;
  const places = [`sources.zeromq.address=${zeromq}`, `publish.address=${publish}`];
  const second = await start("--supervise", ...places.flatMap((place) => ["--set", place]));
  second.child.kill("SIGTERM");
  expect((await second.finished).code).toBe(0);
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function later(): Promise<undefined> {
  return new Promise((resolve) => void setTimeout(() => resolve(undefined), 300));
}

test("a folder that two agents are given belongs to the first", async () => {
  const folder = await temporaryFolder();
  await start("--set", `results.folder=${folder}`);

  await expect(start("--set", `results.folder=${folder}`)).rejects.toThrow(
    "another agent writes its results here",
  );
});
