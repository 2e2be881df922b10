import { onTestFinished } from "vitest";
import { Dealer } from "zeromq";
import type { Agent } from "../../src/agent/agent.js";
import { createAgent } from "../../src/agent/create-agent.js";
import { encodeFrame } from "../../src/protocol/codec.js";
import { faultyScorer, jsonLines, silent, temporaryFolder, testConfig, until } from "../agent/helpers.js";
import { ManualClock } from "../helpers/manual-clock.js";
import { frame, report } from "../refocus/helpers.js";
import { DEADLINE } from "./protocol-model.js";

/** One tick of the model, ms. */
const TICK_MS = 1000;

/** What the agent said to a connection. */
type Said = readonly [to: number, id: string, what: string];

/**
 * The real agent on real sockets, with a clock and a scorer that do as they are told: what the model calls "deliver agent",
 * "score", "tick", "crash" and "restart".
 */
export class RealAgent {
  /** What it has said so far that nobody has taken. */
  readonly said: Said[] = [];
  readonly #clock = new ManualClock();
  readonly #folder: string;
  #agent: Agent | undefined;
  #address = "";
  #sockets = new Map<number, Dealer>();
  #welcomes = 0;
  readonly #inWork: { readonly settle: () => void }[] = [];

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async start(): Promise<RealAgent> {
    const real = new RealAgent(await temporaryFolder());
    await real.restart();
    onTestFinished(() => real.crash());
    return real;
  }

  /** Resolves once the agent has taken the frame. */
  async deliver(from: number, id: string): Promise<void> {
    if (this.#agent === undefined) return;
    const socket = this.#socketOf(from);
    const [session, site, attempt] = id.split("/") as [string, string, string];
    const header = frame({
      id,
      session,
      site: { name: site },
      attempt: Number(attempt),
      deadlineMs: DEADLINE * TICK_MS,
    });
    await socket.send(encodeFrame(header, new Uint8Array(100 * 100)));
    // A connection is read in order: what is answered after the frame was taken after it.
    const before = this.#welcomes;
    await socket.send(JSON.stringify({ v: 1, type: "hello", session, controller: { name: "model" } }));
    await until(() => this.#welcomes > before);
  }

  /** The frame in work is judged. */
  async score(): Promise<void> {
    (await until(() => this.#inWork.shift())).settle();
    await settled();
  }

  async tick(): Promise<void> {
    this.#clock.advance(TICK_MS);
    await settled();
  }

  /** Nobody hears from it again. */
  async crash(): Promise<void> {
    for (const socket of this.#sockets.values()) socket.close();
    this.#sockets.clear();
    const agent = this.#agent;
    this.#agent = undefined;
    const stopping = agent?.stop(AbortSignal.abort());
    for (const { settle } of this.#inWork.splice(0)) settle();
    // Sockets and files are let go of after some time of its clock.
    let isOver: boolean = stopping === undefined;
    void stopping?.then(() => {
      isOver = true;
    });
    await until(() => {
      this.#clock.advance(10);
      return isOver;
    });
  }

  async restart(): Promise<void> {
    const scorer = faultyScorer(
      () => new Promise((resolve) => void this.#inWork.push({ settle: () => resolve(report(0)) })),
    );
    const config = testConfig(this.#folder, { scorer: { concurrency: 1 } });
    this.#agent = await createAgent(config, { scorer, log: silent, version: "1", clock: this.#clock });
    const { zeromq } = await this.#agent.start();
    this.#address = zeromq!;
  }

  /** Waits until the agent has said this, and takes it. */
  async take(to: number, id: string, what: string): Promise<void> {
    await until(() => {
      const at = this.said.findIndex((each) => each[0] === to && each[1] === id && each[2] === what);
      return at >= 0 && this.said.splice(at, 1);
    }).catch(() => {
      throw new Error(`${what} to ${to} on ${id} did not come, but ${JSON.stringify(this.said)}`);
    });
  }

  /** The frames with a verdict on record that was not late. */
  async judged(): Promise<string[]> {
    const lines = await jsonLines(`${this.#folder}/results.jsonl`).catch(() => []);
    return lines.flatMap(({ type, id, late }) => (type === "verdict" && !late ? [String(id)] : []));
  }

  #socketOf(number: number): Dealer {
    const known = this.#sockets.get(number);
    if (known !== undefined) return known;
    const socket = new Dealer({ linger: 0 });
    socket.connect(this.#address);
    this.#sockets.set(number, socket);
    void this.#hear(number, socket);
    return socket;
  }

  async #hear(number: number, socket: Dealer): Promise<void> {
    for await (const [json] of socket) {
      const message = JSON.parse(String(json)) as { type: string; id?: string; why?: string };
      if (message.type === "welcome") this.#welcomes++;
      if (message.id !== undefined) this.said.push([number, message.id, message.why ?? message.type]);
    }
  }
}

/** Lets what follows from a change happen: it takes turns of the event loop, and no time of the agent's clock. */
async function settled(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
}
