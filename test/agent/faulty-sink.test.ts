import { expect, onTestFinished, test } from "vitest";
import { Agent } from "../../src/agent/agent.js";
import { systemClock } from "../../src/protocol/clock.js";
import type { ResultRecord } from "../../src/records/record.js";
import type { Sink } from "../../src/sinks/sink.js";
import { createSource } from "../../src/sources/registry.js";
import { pixelScorer, recordingLog, TestController, temporaryFolder, testConfig } from "./helpers.js";

/** A sink that keeps what it is given, unless a fault is made. */
function sinkWith(faults: Partial<Sink>): { sink: Sink; records: ResultRecord[] } {
  const records: ResultRecord[] = [];
  const sink: Sink = {
    start: async () => "memory",
    write: (record) => void records.push(record),
    counts: () => ({ written: records.length, failures: 0, lost: 0 }),
    stop: async () => undefined,
    ...faults,
  };
  return { sink, records };
}

test("a sink that fails, in writing or in stopping, keeps neither the verdict nor the other sinks from theirs", async () => {
  const { log, lines } = recordingLog();
  const config = testConfig(await temporaryFolder());
  const broken = sinkWith({
    write: () => {
      throw new Error("the tape is torn");
    },
    stop: () => Promise.reject(new Error("the drive is jammed")),
  });
  const whole = sinkWith({});
  const agentName = { name: "parfocal", version: "1" };
  const own = { log, clock: systemClock, agent: agentName, model: pixelScorer.model };
  const agent = new Agent({
    ...{ config, scorer: pixelScorer, log },
    sources: new Map([["zeromq", await createSource("zeromq", config.sources, own)]]),
    sinks: new Map([
      ["broken", broken.sink],
      ["whole", whole.sink],
    ]),
  });
  const { zeromq } = await agent.start();
  onTestFinished(() => agent.stop(AbortSignal.abort()));
  const controller = new TestController(zeromq!);

  expect(await controller.ask(0)).toMatchObject({ type: "verdict", decision: "accept" });
  await agent.stop();

  expect(whole.records.map(({ type }) => type)).toEqual(["verdict", "outcome"]);
  expect(lines).toContainEqual(
    expect.objectContaining({ msg: "A record could not be passed on", reason: "the tape is torn" }),
  );
  expect(lines.filter(({ reason }) => reason === "the drive is jammed")).toEqual([
    expect.objectContaining({ level: 50, msg: "A part of the agent did not stop cleanly" }),
  ]);
});
