import { describe, expect, onTestFinished, test } from "vitest";
import { Dealer } from "zeromq";
import { createAgent } from "../../src/agent/create-agent.js";
import type { FrameScorer } from "../../src/focus/scorer-types.js";
import { encodeFrame } from "../../src/protocol/codec.js";
import type { FrameMessage } from "../../src/protocol/messages.js";
import { frame } from "../refocus/helpers.js";
import { heldScorer, pixelScorer, silent, temporaryFolder, testConfig, until } from "./helpers.js";

const SHAPE: [number, number] = [10, 10];
const pixels = new Uint8Array(SHAPE[0] * SHAPE[1]);

async function start(scorer: FrameScorer): Promise<string> {
  const config = testConfig(await temporaryFolder());
  const agent = await createAgent(config, { scorer, log: silent, version: "1" });
  const places = await agent.start();
  onTestFinished(() => agent.stop(AbortSignal.abort()));
  return places.zeromq!;
}

/** A connection that counts the answers it gets for each frame. */
class Counting {
  readonly counts = new Map<string, number>();
  readonly #socket: Dealer;

  constructor(address: string, routingId?: string) {
    const own = routingId === undefined ? {} : { routingId };
    this.#socket = new Dealer({ linger: 0, sendHighWaterMark: 0, receiveHighWaterMark: 0, ...own });
    this.#socket.connect(address);
    onTestFinished(() => this.close());
    void this.#receive();
  }

  send(fields: Partial<FrameMessage>): Promise<void> {
    const header = frame({ deadlineMs: 60_000, shape: SHAPE, ...fields });
    return this.#socket.send(encodeFrame(header, pixels));
  }

  /** How often each of these was answered. */
  answersTo(ids: readonly string[]): number[] {
    return ids.map((id) => this.counts.get(id) ?? 0);
  }

  close(): void {
    if (!this.#socket.closed) this.#socket.close();
  }

  async #receive(): Promise<void> {
    for await (const [json] of this.#socket) {
      const { id } = JSON.parse(String(json)) as { id?: string };
      if (id !== undefined) this.counts.set(id, (this.counts.get(id) ?? 0) + 1);
    }
  }
}

describe("every frame is answered exactly once", () => {
  test.each(["observe", "gate"] as const)("in a burst of 3000 in mode %s", async (mode) => {
    const controller = new Counting(await start(pixelScorer));
    const ids = Array.from({ length: 3000 }, (_, i) => `burst/${i}`);

    for (const [sequence, id] of ids.entries()) await controller.send({ id, sequence, mode });
    await until(() => controller.answersTo(ids).every((count) => count > 0));

    expect(controller.counts.size).toBe(ids.length);
    expect(new Set(controller.counts.values())).toEqual(new Set([1]));
  });

  test("also of many equal ones, from several connections", async () => {
    const { scorer, release } = heldScorer(0);
    const address = await start(scorer);
    const controllers = [new Counting(address), new Counting(address)];

    for (let copy = 0; copy < 1500; copy++) {
      for (const controller of controllers) await controller.send({ id: "same", sequence: 0 });
    }
    // Those over the limit are told at once; the others wait for the verdict.
    await until(() => controllers.reduce((sum, { counts }) => sum + (counts.get("same") ?? 0), 0) === 2000);
    release();
    await until(() => controllers.every(({ counts }) => counts.get("same") === 1500));
    for (const controller of controllers) await controller.send({ id: "end", sequence: 1 });
    await until(() => controllers.every(({ counts }) => counts.has("end")));

    expect(controllers.map(({ counts }) => counts.get("same"))).toEqual([1500, 1500]);
  });

  test("also of controllers that leave with frames on the way and ask again when they are back", async () => {
    const address = await start(pixelScorer);
    for (let round = 0; round < 20; round++) {
      const ids = Array.from({ length: 40 }, (_, i) => `${round}/${i}`);
      const session = `leaver ${round % 3}`;
      const leaving = new Counting(address, session);
      for (const [i, id] of ids.entries()) await leaving.send({ id, session, sequence: i });
      await until(() => leaving.counts.size > round);
      leaving.close();

      const back = new Counting(address, session);
      for (const [i, id] of ids.entries()) {
        await back.send({ id, session, sequence: i });
        await until(() => back.counts.get(id));
      }

      // An answer to what it sent before may reach the new connection, too.
      expect(back.answersTo(ids).every((count) => count === 1 || count === 2)).toBe(true);
      expect([...leaving.counts.values()].every((count) => count === 1)).toBe(true);
      back.close();
    }
  });
});
