import { Dealer } from "zeromq";
import { isParfocalError } from "../errors.js";
import { withoutUndefined } from "../frames/micro-manager-metadata.js";
import { decodeMessage, encodeFrame, encodeMessage, type Pixels } from "../protocol/codec.js";
import { HEARTBEAT_MS, PROTOCOL_VERSION } from "../protocol/common.js";
import type { FrameMessage, PlainMessage, VerdictMessage, WelcomeMessage } from "../protocol/messages.js";
import type { Refusal } from "../protocol/site-visit.js";
import { socketOptions } from "../protocol/socket-address.js";

/** Time between two tries to be welcomed, ms. */
const HELLO_MS = 50;
/** An agent that was heard and has said nothing for this long is away, ms; a busy one still says that it is there. */
const SILENCE_MS = 3 * HEARTBEAT_MS;

/** A controller's end of the protocol: ships a frame, waits for its verdict until the deadline, fails open. */
export class GateClient {
  readonly #address: string;
  readonly #session: string;
  readonly #socket = new Dealer({
    linger: 0,
    sendHighWaterMark: 4,
    receiveHighWaterMark: 100,
    immediate: true,
    sendTimeout: 0,
  });
  readonly #waiting = new Map<string, (verdict: VerdictMessage | undefined) => void>();
  #welcome: WelcomeMessage | undefined;
  /** When the agent was last heard, ms; undefined: never. */
  #heardMs: number | undefined;
  #hasLeft: boolean = false;
  #heartbeat: NodeJS.Timeout | undefined;
  #receiving: Promise<void> | undefined;

  constructor(address: string, session: string) {
    this.#address = address;
    this.#session = session;
  }

  start(): void {
    if (socketOptions(this.#address).ipv6) this.#socket.ipv6 = true;
    this.#socket.connect(this.#address);
    this.#receiving = this.#receive();
    this.#heartbeat = setInterval(() => {
      void this.#send(
        encodeMessage({
          v: PROTOCOL_VERSION,
          type: "heartbeat",
          session: this.#session,
          timestampMs: Date.now(),
          acquiring: true,
        }),
      );
    }, HEARTBEAT_MS);
    this.#heartbeat.unref();
  }

  /** True once the agent has answered a `hello`; false when it has not within `timeoutMs`. Frames may be sent either way. */
  async waitForAgent(timeoutMs: number): Promise<boolean> {
    const hello = { v: PROTOCOL_VERSION, type: "hello", session: this.#session } as const;
    for (let waitedMs = 0; this.#welcome === undefined && waitedMs < timeoutMs; waitedMs += HELLO_MS) {
      await this.#send(encodeMessage({ ...hello, controller: { name: "parfocal-microscope" } }));
      await new Promise((resolve) => setTimeout(resolve, HELLO_MS));
    }
    return this.#welcome !== undefined;
  }

  /**
   * The verdict, or undefined when none came in time: the acquisition then goes on and the frame counts as unscored. An agent
   * that is away is not waited for.
   */
  async score(header: FrameMessage, pixels: Pixels, deadlineMs: number): Promise<VerdictMessage | undefined> {
    if (this.#isAway()) return undefined;
    const answer = new Promise<VerdictMessage | undefined>((resolve) =>
      this.#waiting.set(header.id, resolve),
    );
    const timer = setTimeout(() => this.#answer(header.id, undefined), deadlineMs);
    if (!(await this.#send(encodeFrame(header, pixels)))) this.#answer(header.id, undefined);
    const verdict = await answer;
    clearTimeout(timer);
    return verdict;
  }

  /** Tells the agent how a site ended where it cannot know; an agent that is away is not told. */
  async abandon({ id, v, session, site, channel, timeIndex }: FrameMessage, refusal: Refusal): Promise<void> {
    const frameId = refusal.why === "unscored" ? id : undefined;
    const place = { v, session, site, ...withoutUndefined({ channel, timeIndex, frameId }) };
    await this.#send(encodeMessage({ type: "abandon", ...place, ...refusal }));
  }

  async stop(): Promise<void> {
    clearInterval(this.#heartbeat);
    await this.#send(encodeMessage({ v: PROTOCOL_VERSION, type: "bye", session: this.#session }));
    this.#socket.close();
    await this.#receiving;
  }

  /** False when the agent is absent or slow: nothing is queued for it. */
  async #send(message: string | [string, Uint8Array]): Promise<boolean> {
    try {
      await this.#socket.send(message as string | (string | Buffer)[]);
      return true;
    } catch {
      return false;
    }
  }

  async #receive(): Promise<void> {
    for await (const parts of this.#socket) {
      const message = readable(parts);
      if (message === undefined) continue;
      this.#heardMs = performance.now();
      // After its goodbye it may still answer what it had before.
      if (message.type === "bye") this.#hasLeft = true;
      if (message.type === "welcome" || message.type === "heartbeat") this.#hasLeft = false;
      if (message.type === "welcome") this.#welcome = message;
      if (message.type === "verdict") this.#answer(message.id, message);
      if ((message.type === "drop" || message.type === "error") && message.id !== undefined) {
        this.#answer(message.id, undefined);
      }
    }
  }

  #isAway(): boolean {
    const heardMs = this.#heardMs;
    return this.#hasLeft || (heardMs !== undefined && performance.now() - heardMs > SILENCE_MS);
  }

  #answer(id: string, verdict: VerdictMessage | undefined): void {
    const resolve = this.#waiting.get(id);
    this.#waiting.delete(id);
    resolve?.(verdict);
  }
}

/** A message as this version knows it; whatever else comes is left alone. */
function readable(parts: Buffer[]): PlainMessage | undefined {
  try {
    const incoming = decodeMessage(parts);
    return incoming.kind === "plain" ? incoming.message : undefined;
  } catch (error) {
    if (isParfocalError(error)) return undefined;
    throw error;
  }
}
