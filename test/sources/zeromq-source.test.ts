import { expect, onTestFinished, test } from "vitest";
import { Dealer } from "zeromq";
import { AgentConfig } from "../../src/config/schema.js";
import { GateClient } from "../../src/microscope/gate-client.js";
import { systemClock } from "../../src/protocol/clock.js";
import { encodeMessage } from "../../src/protocol/codec.js";
import type { IncomingFrame } from "../../src/sources/source.js";
import { ZeromqSource } from "../../src/sources/zeromq-source.js";
import { WorkerThread } from "../../src/worker-thread.js";
import { recordingLog } from "../agent/helpers.js";
import { frame as frameHeader } from "../refocus/helpers.js";
import { handlerWith } from "./handler.js";

const CONTEXT = {
  ...{ clock: systemClock, agent: { name: "parfocal", version: "0" } },
  model: { name: "none", sha256: "0".repeat(64) },
};

async function startedSource(frame: (incoming: IncomingFrame) => void) {
  const { zeromq } = AgentConfig.parse({ sources: { zeromq: { address: "tcp://127.0.0.1:0" } } }).sources;
  const threads: WorkerThread[] = [];
  const problems: string[] = [];
  const { log, lines } = recordingLog();
  const source = new ZeromqSource(zeromq, { ...CONTEXT, log }, () => {
    threads.push(new WorkerThread("zeromq-worker.js", new URL("../../src/sources/", import.meta.url).href));
    return threads.at(-1)!;
  });
  const handler = handlerWith(frame, ({ code }) => void problems.push(code));
  const address = await source.start(handler, new AbortController().signal);
  onTestFinished(() => source.stop());
  return { address, threads, problems, lines };
}

/** Answers with the sum of the pixels, in the text of a refusal, then lets go of them. */
function answerSum(incoming: IncomingFrame): void {
  const { id, session } = incoming.header;
  let sum = 0;
  for (const count of incoming.frame.pixels) sum += count;
  incoming.letGo!();
  incoming.answer({ v: 1, type: "error", id, session, code: "sum", message: String(sum) });
}

test("each frame arrives with its own pixels, though their memory is used again, small ones among large", async () => {
  const { address } = await startedSource(answerSum);
  const dealer = new Dealer();
  dealer.connect(address);
  onTestFinished(() => dealer.close());
  for (let i = 1; i <= 12; i++) {
    // Beyond what is copied at once.
    const [height, width] = i % 4 === 0 ? [2300, 2100] : [90, 100 + i];
    const header = { ...frameHeader({ id: `f${i}` }), shape: [height, width], dtype: "uint16" };
    await dealer.send([JSON.stringify(header), new Uint16Array(height * width).fill(i)]);
    const [answer] = await dealer.receive();
    expect(JSON.parse(String(answer))).toMatchObject({ message: String(i * height * width) });
  }
});

test("what is no message is answered with what is wrong, whatever its parts", async () => {
  const { address, problems } = await startedSource(() => undefined);
  const dealer = new Dealer();
  dealer.connect(address);
  onTestFinished(() => dealer.close());
  const header = JSON.stringify(frameHeader({ id: "f" }));
  const messages = [
    ["no JSON"],
    [header],
    [header, "", ""],
    [header, "too short"],
    ["x".repeat(2 ** 20 + 1)],
    [Buffer.alloc(5 * 2 ** 20, 32)],
  ];
  const codes: string[] = [];
  for (const message of messages) {
    await dealer.send(message);
    const [answer] = await dealer.receive();
    codes.push((JSON.parse(String(answer)) as { code: string }).code);
  }
  expect(codes).toEqual(["bad-json", "bad-parts", "bad-parts", "bad-length", "bad-json", "bad-json"]);
  expect(problems).toEqual(codes);
});

test("a thread that ends is started again on the same address, and controllers go on", async () => {
  const { address, threads, lines } = await startedSource(answerSum);
  const client = new GateClient(address, "s");
  client.start();
  onTestFinished(() => client.stop());
  expect(await client.waitForAgent(5000)).toBe(true);

  await threads[0]!.stop();
  const dealer = new Dealer();
  dealer.connect(address);
  onTestFinished(() => dealer.close());
  const hello = {
    v: 1 as const,
    type: "hello" as const,
    session: "s2",
    controller: { name: "x", version: "1" },
  };
  await dealer.send(encodeMessage(hello));
  const [welcome] = await dealer.receive();

  expect(JSON.parse(String(welcome))).toMatchObject({ type: "welcome", session: "s2" });
  expect(threads.length).toBe(2);
  expect(lines.map(({ msg }) => msg)).toContain("Receiving from controllers failed; trying again");
});
