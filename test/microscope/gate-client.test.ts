import { afterEach, describe, expect, it } from "vitest";
import { Router } from "zeromq";
import { GateClient } from "../../src/microscope/gate-client.js";
import type { FrameMessage } from "../../src/protocol/messages.js";

const stops: (() => unknown)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

describe("GateClient", () => {
  it("fails open when no agent is there: no verdict, within the deadline", async () => {
    const client = start("tcp://127.0.0.1:9");

    expect(await client.waitForAgent(100)).toBe(false);
    expect(await client.score(header("a"), new Uint16Array(4), 100)).toBeUndefined();
  });

  it("fails open when the agent is silent, and takes the next verdict all the same", async () => {
    const agent = new Router({ linger: 0 });
    await agent.bind("tcp://127.0.0.1:*");
    stops.push(() => agent.close());
    const client = start(agent.lastEndpoint!);
    void answerOnly(agent, "second");
    // The connection is made in the background; until then a frame is not queued but given up.
    await new Promise((resolve) => setTimeout(resolve, 200));

    expect(await client.score(header("first"), new Uint16Array(4), 200)).toBeUndefined();
    expect(await client.score(header("second"), new Uint16Array(4), 5000)).toMatchObject({ id: "second" });
  });

  it("takes a drop for an answer and does not wait for the deadline", async () => {
    const agent = new Router({ linger: 0 });
    await agent.bind("tcp://127.0.0.1:*");
    stops.push(() => agent.close());
    const client = start(agent.lastEndpoint!);
    void (async () => {
      for await (const [identity, head] of agent) {
        const { id, session, type } = JSON.parse(head!.toString()) as FrameMessage;
        const drop = { v: 1, type: "drop", id, session, why: "overload" };
        if (type === "frame") await agent.send([identity!, JSON.stringify(drop)]);
      }
    })();
    await new Promise((resolve) => setTimeout(resolve, 200));

    expect(await client.score(header("a"), new Uint16Array(4), 60_000)).toBeUndefined();
  });
});

function start(address: string): GateClient {
  const client = new GateClient(address, "test");
  client.start();
  stops.push(() => client.stop());
  return client;
}

async function answerOnly(agent: Router, wanted: string): Promise<void> {
  for await (const [identity, head] of agent) {
    const message = JSON.parse(head!.toString()) as FrameMessage;
    if (message.type === "frame" && message.id === wanted) {
      await agent.send([identity!, JSON.stringify(verdict(wanted))]);
    }
  }
}

function header(id: string): FrameMessage {
  return {
    v: 1,
    type: "frame",
    id,
    session: "test",
    sequence: 0,
    mode: "gate",
    dtype: "uint16",
    shape: [2, 2],
    site: { name: "A1" },
    attempt: 0,
  };
}

function verdict(id: string) {
  return {
    v: 1,
    type: "verdict",
    id,
    session: "test",
    condition: "in-focus",
    level: 0,
    expectedLevel: 0.1,
    aggregateCertainty: 0.9,
    meanCertainty: 0.9,
    maxCertainty: 0.95,
    decision: "accept",
    acquireAgain: false,
    keepAttempt: 0,
    attemptsLeft: 3,
    reason: "sharp",
    model: { name: "none", sha256: "" },
    timings: { queueMs: 0, scoreMs: 1, totalMs: 1 },
  };
}
