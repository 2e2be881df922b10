import { describe, expect, onTestFinished, test } from "vitest";
import { GateClient } from "../../src/microscope/gate-client.js";
import type { FrameMessage } from "../../src/protocol/messages.js";
import { until } from "../agent/helpers.js";
import { ScriptedAgent } from "../helpers/scripted-agent.js";
import { ACCEPT } from "../helpers/transcripts.js";

/** Longer than any test waits: what must not be waited for. */
const NEVER_MS = 600_000;

describe("GateClient", () => {
  test("goes on without a verdict when no agent is there, within the deadline", async () => {
    const client = start("tcp://127.0.0.1:9");

    expect(await client.waitForAgent(100)).toBe(false);
    expect(await client.score(header("a"), new Uint16Array(4), NEVER_MS)).toBeUndefined();
  });

  test("goes on when the agent is silent until the deadline, and takes the next verdict all the same", async () => {
    const agent = await ScriptedAgent.start((message) =>
      message.type === "frame" && message.id === "second" ? verdict("second") : undefined,
    );
    const client = start(agent.address);
    expect(await client.waitForAgent(5000)).toBe(true);

    expect(await client.score(header("first"), new Uint16Array(4), 100)).toBeUndefined();
    expect(await client.score(header("second"), new Uint16Array(4), NEVER_MS)).toMatchObject({
      id: "second",
    });
  });

  test.each([
    ["a drop", { type: "drop", why: "overload" }],
    ["an error", { type: "error", code: "unscorable", message: "too small" }],
  ])("takes %s for an answer and does not wait for the deadline", async (_, said) => {
    const agent = await ScriptedAgent.start((message) =>
      message.type === "frame" ? { v: 1, id: message.id, session: "test", ...said } : undefined,
    );
    const client = start(agent.address);
    expect(await client.waitForAgent(5000)).toBe(true);

    expect(await client.score(header("a"), new Uint16Array(4), NEVER_MS)).toBeUndefined();
    expect(agent.received.map(({ type }) => type)).toContain("frame");
  });

  test("does not wait for an agent that has gone silent or said goodbye, and waits again once it is heard", async () => {
    let isTalking: boolean = true;
    let hasLeft: boolean = false;
    const agent = await ScriptedAgent.start((message) => {
      if (message.type === "abandon") {
        hasLeft = true;
        return { v: 1, type: "bye" };
      }
      if (message.type === "frame") return isTalking ? verdict(message.id) : undefined;
      return message.type === "heartbeat" && isTalking && !hasLeft
        ? { v: 1, type: "heartbeat", timestampMs: 0 }
        : undefined;
    });
    const client = start(agent.address);
    expect(await client.waitForAgent(5000)).toBe(true);

    // It dies: the first frames wait for their deadline, then none does.
    isTalking = false;
    expect(await waitedMs(client, "dead", 50)).toBeGreaterThan(40);
    await until(async () => (await waitedMs(client, "dead", 1000)) < 500);

    isTalking = true;
    await until(() => client.score(header("back"), new Uint16Array(4), 1000));
    await client.abandon(header("a"), { why: "other", reason: "to be answered with a goodbye" });
    await until(async () => (await client.score(header("a"), new Uint16Array(4), NEVER_MS)) === undefined);
  });

  test("goes on waiting for an agent that is busy but says that it is there", async () => {
    let beats = 0;
    const agent = await ScriptedAgent.start((message) => {
      if (message.type !== "heartbeat") return undefined;
      beats++;
      // Longer than the silence after which an agent counts as dead.
      return beats === 5 ? verdict("slow") : { v: 1, type: "heartbeat", timestampMs: 0 };
    });
    const client = start(agent.address);
    expect(await client.waitForAgent(5000)).toBe(true);

    expect(await client.score(header("slow"), new Uint16Array(4), NEVER_MS)).toMatchObject({ id: "slow" });
    const asked = client.score(header("slow"), new Uint16Array(4), 50);
    await asked;
    expect(agent.received.filter(({ type }) => type === "frame")).toHaveLength(2);
  });

  test("reads on after a message that it cannot read", async () => {
    const agent = await ScriptedAgent.start(({ type }) => {
      if (type === "abandon") return { v: 1, type: "verdict", id: "a" };
      return type === "frame" ? verdict("a") : undefined;
    });
    const client = start(agent.address);
    expect(await client.waitForAgent(5000)).toBe(true);
    await client.abandon(header("a"), { why: "other", reason: "to be answered with nonsense" });

    expect(await client.score(header("a"), new Uint16Array(4), NEVER_MS)).toMatchObject({ id: "a" });
  });
});

function start(address: string): GateClient {
  const client = new GateClient(address, "test");
  client.start();
  onTestFinished(() => client.stop());
  return client;
}

/** How long a frame that gets no verdict was waited for, ms. */
async function waitedMs(client: GateClient, id: string, deadlineMs: number): Promise<number> {
  const startMs = performance.now();
  expect(await client.score(header(id), new Uint16Array(4), deadlineMs)).toBeUndefined();
  return performance.now() - startMs;
}

function header(id: string): FrameMessage {
  const head = { v: 1, type: "frame", id, session: "test", sequence: 0, mode: "gate" } as const;
  return { ...head, dtype: "uint16", shape: [2, 2], site: { name: "A1" }, attempt: 0 };
}

function verdict(id: string): object {
  return { ...ACCEPT, id, session: "test" };
}
