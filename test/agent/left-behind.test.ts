import { queryObjects } from "node:v8";
import { expect, onTestFinished, test } from "vitest";
import { createAgent } from "../../src/agent/create-agent.js";
import type { FrameMessage } from "../../src/protocol/messages.js";
import { pixelScorer, silent, TestController, temporaryFolder, testConfig } from "./helpers.js";

test.each<[string, Partial<FrameMessage>]>([
  ["gated", { mode: "gate" }],
  ["watched", { mode: "observe" }],
  ["closing a z-stack", { mode: "observe", stack: { size: 1, last: true } }],
])("a frame that is %s leaves no promise behind: a run has a million of them", async (_, fields) => {
  const agent = await createAgent(testConfig(await temporaryFolder()), {
    scorer: pixelScorer,
    log: silent,
    version: "1.2.3",
  });
  const { zeromq } = await agent.start();
  onTestFinished(() => agent.stop(AbortSignal.abort()));
  const controller = new TestController(zeromq!);
  const promisesAfter = async (frames: number) => {
    for (let i = 0; i < frames; i++) await controller.ask(0, fields);
    return queryObjects(Promise, { format: "count" });
  };

  // Until caches are filled and code is compiled.
  await promisesAfter(20);
  const before = await promisesAfter(1);
  const after = await promisesAfter(200);

  expect(after - before).toBeLessThan(100);
});
