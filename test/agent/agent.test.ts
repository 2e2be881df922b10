import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Agent } from "../../src/agent/agent.js";
import { createAgent } from "../../src/agent/create-agent.js";
import { AddressError, OutputError } from "../../src/errors.js";
import type { FrameScorer } from "../../src/focus/scorer-types.js";
import type { PlainMessage } from "../../src/protocol/messages.js";
import { report } from "../refocus/helpers.js";
import {
  faultyScorer,
  heldScorer,
  jsonLines,
  pixelScorer,
  published,
  silent,
  sleep,
  TestController,
  temporaryFolder,
  testConfig,
  until,
} from "./helpers.js";

interface Started {
  readonly agent: Agent;
  readonly address: string;
  readonly publish: string;
  readonly folder: string;
  readonly results: () => Promise<Record<string, unknown>[]>;
}

async function start(scorer: FrameScorer, overrides: Record<string, unknown> = {}): Promise<Started> {
  const folder = await temporaryFolder();
  const agent = await createAgent(testConfig(folder, overrides), { scorer, log: silent, version: "1.2.3" });
  const places = await agent.start();
  onTestFinished(() => agent.stop(AbortSignal.abort()));
  const results = () => jsonLines(join(folder, "results.jsonl"));
  return { agent, address: places.zeromq!, publish: places.publish!, folder, results };
}

/** Takes less time for each further frame, so that of two at once the later one is scored first. */
function unorderedScorer(): FrameScorer {
  let slow = 60;
  return faultyScorer(async ({ pixels }) => {
    slow -= 10;
    await sleep(slow);
    return report(pixels[0]! / 10);
  });
}

describe("a gating controller", () => {
  test("is welcomed, gets heartbeats and is told goodbye", async () => {
    const { agent, address } = await start(pixelScorer);
    const controller = new TestController(address);

    await controller.send({ v: 1, type: "hello", session: "session", controller: { name: "test" } });

    expect(await controller.first("welcome")).toMatchObject({
      session: "session",
      agent: { name: "parfocal", version: "1.2.3" },
      model: { name: "faulty" },
      limits: { gateInFlight: 1 },
    });
    expect(await controller.first("heartbeat")).toMatchObject({ queued: 0 });
    await agent.stop();
    expect(await controller.first("bye")).toMatchObject({ reason: "the agent stops" });
  });

  test("is led to focus, and everything is on record", async () => {
    const { agent, address, folder, results } = await start(pixelScorer);
    const controller = new TestController(address);
    const site = { name: "B3-Site_0", well: "B3" };

    const first = await controller.ask(4, { site, attempt: 0, zUm: 10, channel: "DAPI" });
    const second = await controller.ask(0, { site, attempt: 1, zUm: 18, channel: "DAPI" });

    expect(first).toMatchObject({
      decision: "retry",
      acquireAgain: true,
      action: { kind: "move-z", byUm: expect.closeTo(7.7, 0) },
      attemptsLeft: 2,
      model: { name: "faulty" },
    });
    expect(second).toMatchObject({ decision: "accept", acquireAgain: false, keepAttempt: 1 });
    await agent.stop();
    expect((await results()).map(({ type }) => type)).toEqual(["verdict", "verdict", "outcome"]);
    expect((await results())[0]).toMatchObject({
      source: "zeromq",
      frame: { site, zUm: 10 },
      decision: "retry",
      rules: { maxLevel: 1, minCertainty: 0.25 },
    });
    const [head, row] = (await readFile(join(folder, "sites.csv"), "utf8")).split("\n");
    expect(head).toContain("first_level,last_level");
    expect(row).toMatch(
      /^,B03,B3-Site_0,DAPI,0,4,0,4,0,0,1,0\.6,0\.9,in-focus,accept,yes,2,0,10,10,17\.\d+,18,/,
    );
    expect(agent.health()).toMatchObject({
      state: "stopped",
      received: 2,
      verdicts: { accept: 1, retry: 1 },
      outcomes: { yes: 1 },
      queueDepth: 0,
      sinks: { jsonl: { written: 3, failures: 0, lost: 0 } },
    });
  });

  test("that abandons a site gets its outcome on record, with the reason", async () => {
    const { agent, address, results } = await start(pixelScorer);
    const controller = new TestController(address);
    const site = { name: "B3" };
    await controller.ask(4, { site, zUm: 10 });

    const { session } = controller;
    await controller.send({ v: 1, type: "abandon", session, site, why: "limits", reason: "no room above" });

    const outcome = await until(async () => (await results()).find(({ type }) => type === "outcome"));
    expect(outcome).toMatchObject({
      recovered: "no",
      decision: "flag",
      why: "limits",
      reason: "no room above",
    });
    await agent.stop();
  });

  test("is told where focus is expected at its next site, once the run has taught it", async () => {
    const { agent, address } = await start(pixelScorer);
    const controller = new TestController(address);
    const at = (index: number) => ({ site: { name: `P${index}` }, xUm: 1000 * index, yUm: 0 });
    let verdict: PlainMessage | undefined;
    for (let index = 0; index < 6; index++) {
      // Focus rises by 3 um from site to site, the plan does not.
      // No time passes: what is drift and what is tilt must not depend on how fast this machine is.
      const when = { timestampMs: 0 };
      await controller.ask(Math.min(10, (3 * index + 4) / 2), { ...at(index), ...when, zUm: 0 });
      const next = { ...at(index + 1), zUm: 0 };
      verdict = await controller.ask(0, { ...at(index), ...when, attempt: 1, zUm: 3 * index + 4, next });
    }

    expect(verdict).toMatchObject({
      decision: "accept",
      next: { basis: "surface", zUm: expect.closeTo(22, -0.5) },
    });
    await agent.stop();
  });

  test("gets one verdict on its z-stack, after all slices, whatever the number of workers", async () => {
    const { agent, address, results } = await start(unorderedScorer(), { scorer: { concurrency: 2 } });
    const controller = new TestController(address);
    const levels = [4, 2, 0, 2, 4];
    const slice = (zIndex: number) =>
      ({
        site: { name: "B3" },
        stack: { size: 5 },
        zIndex,
        zUm: 2 * zIndex,
        mode: zIndex === 4 ? "gate" : "observe",
      }) as const;

    const answers = await Promise.all(levels.map((level, zIndex) => controller.ask(level, slice(zIndex))));

    expect(answers[4]).toMatchObject({
      decision: "accept",
      stack: { judged: 5, sharpestZIndex: 2, sharpestZUm: 4, edge: "none" },
    });
    await agent.stop();
    expect((await results()).filter(({ type }) => type === "outcome")).toMatchObject([
      { recovered: "not-needed" },
    ]);
  });

  test("gets its verdicts in the order of its frames, though one that leaves doubt takes longer than the next", async () => {
    const { address, results } = await start(unorderedScorer());
    const controller = new TestController(address);
    const names = ["A1", "A2", "A3", "A4", "A5"];

    await Promise.all(names.map((name) => controller.ask(1, { site: { name }, mode: "observe" })));

    const judged = async () => (await results()).filter(({ type }) => type === "verdict");
    await until(async () => (await judged()).length === names.length);
    expect((await judged()).map(({ frame }) => frame)).toMatchObject(
      names.map((name) => ({ site: { name } })),
    );
  });

  test("that repeats an id gets the same verdict and the frame is scored once", async () => {
    const { agent, address } = await start(pixelScorer);
    const controller = new TestController(address);

    const first = await controller.ask(5, { id: "twice" });
    await controller.sendFrame({ id: "twice" }, new Uint8Array(100 * 100).fill(50));
    await until(() => controller.received.filter((message) => message.type === "verdict").length === 2);

    expect(controller.received.filter((message) => message.type === "verdict")[1]).toEqual(first);
    expect(agent.health().received).toBe(1);
  });

  test("that uses an id for another image gets a verdict on that image", async () => {
    const { agent, address } = await start(pixelScorer);
    const controller = new TestController(address);

    await controller.ask(5, { id: "u-1", zUm: 0, timestampMs: 1000 });
    await controller.sendFrame({ id: "u-1", zUm: 8, timestampMs: 1000 });
    await controller.sendFrame({ id: "u-1", zUm: 8, timestampMs: 9000 });
    await controller.sendFrame({ id: "u-1", zUm: 8, timestampMs: 9000 });

    await until(() => controller.received.filter(({ type }) => type === "verdict").length === 4);
    expect(agent.health().received).toBe(3);
  });

  test("that is started again with the ids of a run before gets verdicts on its own images", async () => {
    const { address } = await start(pixelScorer);
    const fields = { session: "screen", id: "screen/A01/0", zUm: 10 };

    const before = await new TestController(address).ask(0, fields);
    const after = await new TestController(address).ask(5, fields);

    expect([before, after]).toMatchObject([{ expectedLevel: 0 }, { expectedLevel: 5 }]);
  });

  test("that sends a frame five times gets five answers, and the frame is scored once", async () => {
    const { scorer, release } = heldScorer(0);
    const { agent, address } = await start(scorer);
    const controller = new TestController(address);
    for (let i = 0; i < 5; i++) await controller.sendFrame({ id: "again" });
    await controller.sendFrame({ id: "other", mode: "observe" });
    await until(() => agent.health().received === 2);
    release();

    await until(
      () => controller.received.filter((message) => "id" in message && message.id === "again").length === 5,
    );
    expect(agent.health().received).toBe(2);
  });

  test("whose header is larger than is worth recording gets its verdict, and only its own data are left out", async () => {
    const { address, results } = await start(pixelScorer);
    const controller = new TestController(address);

    await controller.ask(0, { channel: "DAPI", meta: { notes: "x".repeat(100_000) } });

    const [verdict] = await results();
    expect(verdict).toMatchObject({ frame: { channel: "DAPI", meta: { leftOut: /over 65536/ } } });
    expect(JSON.stringify(verdict).length).toBeLessThan(5000);
  });

  test("that reconnects while its frame is being scored gets the verdict on the new connection", async () => {
    const slow = faultyScorer(() => sleep(300).then(() => report(0)));
    const { agent, address } = await start(slow);
    const before = new TestController(address);
    await before.sendFrame({ id: "x" });
    await until(() => agent.health().received === 1);
    before.socket.close();
    const after = new TestController(address);

    await after.sendFrame({ id: "x" });

    expect(await after.answerTo("x")).toMatchObject({ type: "verdict" });
    expect(agent.health().received).toBe(1);
  });

  test("is not kept waiting beyond its deadline, and the late verdict is only recorded", async () => {
    const { scorer, release } = heldScorer(6);
    const { agent, address, results } = await start(scorer);
    const controller = new TestController(address);

    const { id } = await controller.sendFrame({ deadlineMs: 100 });

    expect(await controller.answerTo(id)).toMatchObject({ type: "drop", why: "deadline" });
    release();
    const late = await until(async () => (await results()).find(({ type }) => type === "verdict"));
    expect(late).toMatchObject({ late: true, decision: "flag", id });
    expect(controller.received.some(({ type }) => type === "verdict")).toBe(false);
    expect(agent.health()).toMatchObject({
      late: 1,
      drops: { deadline: 1 },
      verdicts: { retry: 0, flag: 0 },
    });
  });

  test("that has given a site up is told so, and what its frame shows does not end the site otherwise", async () => {
    const { scorer, release } = heldScorer(0);
    const { agent, address, results } = await start(scorer);
    const controller = new TestController(address);
    const { session } = controller;
    const [site, other] = [{ name: "A4" }, { name: "A5" }];
    const { id } = await controller.sendFrame({ site, attempt: 1, zUm: 7, deadlineMs: 600_000 });

    await controller.send({ v: 1, type: "abandon", session, site: other, why: "unscored", reason: "late" });
    await controller.send({ v: 1, type: "abandon", session, site, why: "unscored", reason: "late" });

    expect(await controller.answerTo(id)).toMatchObject({ type: "drop", why: "deadline" });
    release();
    const late = await until(async () => (await results()).find(({ type }) => type === "verdict"));
    expect(late).toMatchObject({ late: true, id });
    await agent.stop();
    expect((await results()).map(({ type }) => type)).toEqual(["abandon", "abandon", "drop", "verdict"]);
  });

  test("gets an error when the scorer fails, and the next frame is scored", async () => {
    const broken = faultyScorer(async ({ pixels }) => {
      if (pixels[0] === 70) throw new Error("the device was lost");
      return report(0);
    });
    const { agent, address } = await start(broken);
    const controller = new TestController(address);

    expect(await controller.ask(7)).toMatchObject({
      type: "error",
      code: "scorer-failed",
      message: "the device was lost",
    });
    expect(await controller.ask(0)).toMatchObject({ type: "verdict", decision: "accept" });
    expect(agent.health()).toMatchObject({ errors: { "scorer-failed": 1 }, verdicts: { accept: 1 } });
  });

  test("that says goodbye in the middle of a search leaves an unknown outcome", async () => {
    const { address, results } = await start(pixelScorer);
    const controller = new TestController(address);
    await controller.ask(6);

    await controller.send({ v: 1, type: "bye", session: "session" });

    const outcome = await until(async () => (await results()).find(({ type }) => type === "outcome"));
    expect(outcome).toMatchObject({ recovered: "unknown", decision: "retry" });
  });

  test("is served while another one floods the agent with observed frames", async () => {
    const { scorer, release } = heldScorer(0);
    const { agent, address } = await start(scorer);
    const observer = new TestController(address, "observer");
    const gating = new TestController(address, "gating");
    for (let i = 0; i < 80; i++) await observer.sendFrame({ mode: "observe" });

    const { id } = await gating.sendFrame();
    await until(() => agent.health().received === 81);
    release();

    expect(await gating.answerTo(id)).toMatchObject({ type: "verdict" });
    await until(() => observer.received.filter((message) => "id" in message).length === 80);
    const drops = observer.received.filter(({ type }) => type === "drop");
    expect(drops.length).toBeGreaterThan(20);
    expect(drops.every((drop) => drop.type === "drop" && drop.why === "superseded")).toBe(true);
    // The newest is never the one that is dropped.
    expect(await observer.answerTo("observer/79")).toMatchObject({ type: "verdict" });
    expect(agent.health().received).toBe(81);
  });
});

describe("bad input", () => {
  test("gets an error that names the frame, and the agent goes on", async () => {
    const { agent, address, results } = await start(pixelScorer);
    const controller = new TestController(address);

    await controller.sendFrame({ id: "short" }, new Uint8Array(17));
    await controller.sendFrame({ id: "huge", shape: [99999, 99999] }, new Uint8Array(4));
    await controller.socket.send(["{", "x"]);
    await controller.socket.send(["", "", ""]);
    await controller.socket.send(JSON.stringify({ v: 2, type: "frame", id: "later" }));
    await controller.socket.send(JSON.stringify({ v: 1, type: "song" }));

    expect(await controller.answerTo("short")).toMatchObject({ code: "bad-length" });
    expect(await controller.answerTo("huge")).toMatchObject({ code: "bad-message" });
    expect(await controller.answerTo("later")).toMatchObject({ code: "unsupported-version" });
    expect(await controller.ask(0)).toMatchObject({ type: "verdict" });
    expect(agent.health().errors).toEqual({
      "bad-length": 1,
      "bad-message": 1,
      "bad-json": 1,
      "bad-parts": 1,
      "unsupported-version": 1,
    });
    await until(async () => (await results()).filter(({ type }) => type === "error").length === 5);
  });

  test("no frame is lost that was refused, or is sent once more after others", async () => {
    const { agent, address } = await start(pixelScorer);
    const controller = new TestController(address);

    await controller.ask(0, { sequence: 0 });
    await controller.ask(0, { sequence: 1, pixelUm: -1 });
    await controller.ask(0, { sequence: 2 });
    await controller.ask(0, { sequence: 1 });
    await controller.ask(0, { sequence: 3 });
    expect(agent.health().lost).toBe(0);

    await controller.ask(0, { sequence: 0 });
    await controller.ask(0, { sequence: 2 });
    expect(agent.health().lost).toBe(1);
  });

  test("lost frames are counted by the gap in their numbers", async () => {
    const { agent, address } = await start(pixelScorer);
    const controller = new TestController(address);
    await controller.ask(0, { sequence: 3 });

    await controller.ask(0, { sequence: 7 });

    expect(agent.health().lost).toBe(3);
  });
});

describe("subscribers", () => {
  test("get every verdict and outcome under its topic", async () => {
    const { address, publish } = await start(pixelScorer);
    const controller = new TestController(address);
    const messages = await published(publish, () => controller.ask(0, { channel: "GFP" }));

    const { id } = await controller.sendFrame({ channel: "DAPI" });

    const [verdict, outcome] = await until(() => {
      const first = messages.findIndex(({ message }) => message.id === id);
      return first !== -1 && messages.length > first + 1 && messages.slice(first);
    });
    expect(verdict).toMatchObject({
      topic: "parfocal.v1.verdict",
      message: { decision: "accept", frame: { channel: "DAPI" } },
    });
    expect(outcome).toMatchObject({
      topic: "parfocal.v1.outcome",
      message: { channel: "DAPI", recovered: "not-needed" },
    });
  });
});

describe("starting", () => {
  test("fails with the address and what to do when the port is in use, and leaves nothing behind", async () => {
    const { address } = await start(pixelScorer);
    const config = testConfig(await temporaryFolder(), { sources: { zeromq: { address } } });
    const second = await createAgent(config, { scorer: pixelScorer, log: silent, version: "1" });

    const starting = second.start();

    await expect(starting).rejects.toThrow(AddressError);
    await expect(starting).rejects.toThrow(`${address}: already in use`);
    expect(second.health().state).toBe("stopped");
  });

  test("fails with the folder and what to do when results cannot be written", async () => {
    const config = testConfig("/dev/null/results");
    const agent = await createAgent(config, { scorer: pixelScorer, log: silent, version: "1" });

    await expect(agent.start()).rejects.toThrow(OutputError);
  });

  test("can be called off", async () => {
    const config = testConfig(await temporaryFolder());
    const agent = await createAgent(config, { scorer: pixelScorer, log: silent, version: "1" });

    await expect(agent.start(AbortSignal.abort(new Error("changed my mind")))).rejects.toThrow(
      "changed my mind",
    );
    expect(agent.health().state).toBe("stopped");
  });
});

describe("stopping", () => {
  test("finishes the frame that is scored and the ones that wait", async () => {
    const slow = faultyScorer(() => sleep(150).then(() => report(0)));
    const { agent, address } = await start(slow);
    const controllers = ["a", "b"].map((session) => new TestController(address, session));
    for (const controller of controllers) await controller.sendFrame();
    await until(() => agent.health().received === 2);

    await agent.stop();

    for (const controller of controllers) {
      expect(await controller.answerTo(`${controller.session}/0`)).toMatchObject({ type: "verdict" });
    }
    expect(agent.health().state).toBe("stopped");
  });

  test("by force drops what is not finished, even when the scorer hangs", async () => {
    const hanging = faultyScorer(() => new Promise(() => undefined));
    const { agent, address, results } = await start(hanging);
    const controller = new TestController(address);
    const { id } = await controller.sendFrame();
    await until(() => agent.health().received === 1);

    await agent.stop(AbortSignal.abort());

    expect(await controller.answerTo(id)).toMatchObject({ type: "drop", why: "shutdown" });
    expect((await results()).at(-1)).toMatchObject({ type: "drop", id });
  });

  test("gives up on a hanging scorer after the drain time", async () => {
    const hanging = faultyScorer(() => new Promise(() => undefined));
    const { agent, address } = await start(hanging, { agent: { drainMs: 50 } });
    await new TestController(address).sendFrame();
    await until(() => agent.health().received === 1);

    await agent.stop();

    expect(agent.health().drops).toEqual({ shutdown: 1 });
  });
});
