import { onTestFinished } from "vitest";
import { Router } from "zeromq";
import { decodeMessage } from "../../src/protocol/codec.js";
import type { FrameMessage, PlainMessage } from "../../src/protocol/messages.js";
import { until } from "../agent/helpers.js";

type Message = FrameMessage | PlainMessage;

/** The agent's end of the protocol, saying what a test wants; closed when the test ends. */
export class ScriptedAgent {
  readonly received: Message[] = [];
  readonly #router = new Router({ linger: 0 });

  private constructor() {}

  /** @param answer what is said to each message; undefined for nothing. `hello` gets its `welcome`. */
  static async start(answer: (message: Message) => object | undefined): Promise<ScriptedAgent> {
    const agent = new ScriptedAgent();
    await agent.#router.bind("tcp://127.0.0.1:*");
    onTestFinished(() => agent.#router.close());
    void agent.#serve(answer);
    return agent;
  }

  get address(): string {
    return this.#router.lastEndpoint!;
  }

  /** Resolves once a message of this type has come. */
  async heard(type: string): Promise<void> {
    await until(() => this.received.some((message) => message.type === type));
  }

  async #serve(answer: (message: Message) => object | undefined): Promise<void> {
    for await (const [identity, ...parts] of this.#router) {
      const incoming = decodeMessage(parts);
      if (incoming.kind !== "plain" && incoming.kind !== "frame") continue;
      const message = incoming.kind === "frame" ? incoming.header : incoming.message;
      this.received.push(message);
      const said = message.type === "hello" ? welcomeTo(message.session) : answer(message);
      if (said !== undefined) await this.#router.send([identity!, JSON.stringify(said)]);
    }
  }
}

function welcomeTo(session: string): object {
  const head = { v: 1, type: "welcome", session, agent: { name: "scripted", version: "1" } };
  const limits = { maxSidePx: 8192, maxFrameBytes: 2 ** 27, gateInFlight: 1 };
  return { ...head, model: { name: "none", sha256: "0".repeat(64) }, limits, heartbeatMs: 1000 };
}
