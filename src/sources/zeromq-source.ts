import type { ZeromqSourceConfig } from "../config/sources.js";
import { isParfocalError, reasonOf } from "../errors.js";
import { releaser } from "../frame-memory.js";
import { MAX_SIDE_PX } from "../frames/frame.js";
import { bindError } from "../protocol/bind-error.js";
import { BoundedMap } from "../protocol/bounded-map.js";
import { passed } from "../protocol/clock.js";
import { decodeMessage, encodeMessage, type Incoming, type Pixels, tooLarge } from "../protocol/codec.js";
import {
  type FrameMessage,
  HEARTBEAT_MS,
  type HelloMessage,
  type PlainMessage,
} from "../protocol/messages.js";
import type { ProtocolError } from "../protocol/protocol-error.js";
import { assertNobodyListens } from "../protocol/socket-address.js";
import { WorkerThread } from "../worker-thread.js";
import { type Arrival, type ArrivedMessage, partsOf } from "./arrivals.js";
import { Controllers } from "./controllers.js";
import { frameKey } from "./frame-key.js";
import type { Answer, FrameSource, SourceContext, SourceHandler } from "./source.js";

/** Verdicts that are kept to answer repeated ids. */
const MAX_ANSWERS = 4096;
/** Repeats of one frame that wait for its answer. */
const MAX_REPEATS = 1000;
/** Largest header that is recorded with its `meta`, bytes. */
const MAX_RECORDED_BYTES = 64 * 1024;
/** A controller that was silent this long gets no more heartbeats. */
const SILENCE_MS = 10 * HEARTBEAT_MS;
/** Pause before a thread that ended is started anew, ms. */
const RESTART_MS = 200;

/** Frames from controllers over a ROUTER socket, which has a thread of its own; docs/protocol.md. */
export class ZeromqSource implements FrameSource {
  readonly #config: ZeromqSourceConfig;
  readonly #context: SourceContext;
  readonly #newThread: () => WorkerThread;
  readonly #controllers = new Controllers(SILENCE_MS);
  /** Encoded verdicts by frame. */
  readonly #answers = new BoundedMap<string, string>(MAX_ANSWERS);
  /** Connections that wait for the answer to a frame, each as often as it sent the frame. */
  readonly #waiting = new Map<string, string[]>();
  #thread: WorkerThread | undefined;
  #handler: SourceHandler | undefined;
  #stopHeartbeat: () => void = () => undefined;
  #isStopped: boolean = false;

  /** @param newThread a thread that receives, not started. */
  constructor(
    config: ZeromqSourceConfig,
    context: SourceContext,
    newThread: () => WorkerThread = () => new WorkerThread("zeromq-worker.js", import.meta.url),
  ) {
    this.#config = config;
    this.#context = context;
    this.#newThread = newThread;
  }

  get #maxFrameBytes(): number {
    return this.#config.maxFrameMib * 2 ** 20;
  }

  async start(handler: SourceHandler, signal: AbortSignal): Promise<string> {
    this.#handler = handler;
    const address = await this.#listen(this.#config.address);
    if (signal.aborted) {
      await this.stop();
      throw signal.reason;
    }
    void this.#receive(address);
    this.#heartbeat();
    return address;
  }

  async pause(): Promise<void> {
    for (const { connection } of this.#controllers.present(this.#context.clock.now())) {
      this.#send(connection, encodeMessage({ v: 1, type: "bye", reason: "the agent stops" }));
    }
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#stopHeartbeat();
    await this.#thread?.stop();
  }

  /** Starts the thread with the socket. @returns its address. @throws AddressError saying what to do. */
  async #listen(address: string): Promise<string> {
    const thread = this.#newThread();
    this.#thread = thread;
    try {
      await assertNobodyListens(address);
      return (await thread.call("bind", { address, maxFrameBytes: this.#maxFrameBytes })) as string;
    } catch (error) {
      await thread.stop();
      throw bindError(address, error, "sources.zeromq.address");
    }
  }

  async #receive(address: string): Promise<void> {
    while (!this.#isStopped) {
      try {
        if (this.#thread!.hasEnded) await this.#listen(address);
        for (;;) {
          const arrivals = (await this.#thread!.call("arrivals")) as Arrival[];
          for (const arrival of arrivals) this.#take(arrival);
        }
      } catch (error) {
        if (this.#isStopped) return;
        this.#context.log.error(
          { reason: reasonOf(error) },
          "Receiving from controllers failed; trying again",
        );
        await passed(this.#context.clock, RESTART_MS);
      }
    }
  }

  #take(arrival: Arrival): void {
    const { log } = this.#context;
    if (arrival.kind === "message") {
      try {
        this.#message(arrival);
      } catch (error) {
        log.error({ reason: reasonOf(error) }, "A message could not be handled");
      }
    } else if (arrival.kind === "failed") {
      log.error({ reason: arrival.reason }, "Receiving from controllers failed; trying again");
    } else {
      this.#controllers.forget(arrival.connection);
      if (arrival.kind === "gone") log.debug({ reason: arrival.reason }, "A controller is gone");
      else log.warn("A controller does not read its answers; some are lost");
    }
  }

  #message(arrival: ArrivedMessage): void {
    const { connection, head, pixels } = arrival;
    const now = this.#context.clock.now();
    const letGo = pixels === undefined ? () => undefined : releaser(pixels.memory);
    let incoming: Incoming;
    try {
      if (arrival.tooLarge !== undefined) throw tooLarge(head, arrival.tooLarge, this.#maxFrameBytes);
      incoming = decodeMessage(partsOf(arrival));
    } catch (error) {
      letGo();
      this.#controllers.heard(connection, now);
      if (!isProtocolError(error)) throw error;
      this.#refuse(connection, error);
      return;
    }
    if (incoming.kind === "frame") {
      const { header } = incoming;
      this.#controllers.heard(connection, now, header.session);
      this.#frame(connection, recordable(header, head.byteLength), incoming.pixels, letGo, now);
      return;
    }
    letGo();
    const message = incoming.kind === "plain" ? incoming.message : undefined;
    this.#controllers.heard(connection, now, message?.session);
    if (message !== undefined) this.#plain(connection, message);
  }

  #plain(connection: string, message: PlainMessage): void {
    if (message.type === "hello") this.#welcome(connection, message);
    if (message.type === "abandon") this.#handler?.abandon(message);
    if (message.type === "heartbeat" && message.session !== undefined && message.acquiring !== undefined) {
      this.#handler?.acquiring(message.session, message.acquiring);
    }
    if (message.type === "bye") {
      this.#controllers.forget(connection);
      if (message.session !== undefined) this.#handler?.bye(message.session);
    }
  }

  #welcome(connection: string, { session, controller }: HelloMessage): void {
    const { agent, model, log } = this.#context;
    log.info({ session, controller: controller.name }, "Controller connected");
    this.#controllers.introduced(session, controller.name);
    const limits = {
      maxSidePx: MAX_SIDE_PX,
      maxFrameBytes: this.#maxFrameBytes,
      gateInFlight: 1,
    };
    this.#send(
      connection,
      encodeMessage({ v: 1, type: "welcome", session, agent, model, limits, heartbeatMs: HEARTBEAT_MS }),
    );
  }

  #frame(
    connection: string,
    header: FrameMessage,
    pixels: Pixels,
    letGo: () => void,
    receivedMs: number,
  ): void {
    const key = frameKey(header, pixels);
    if (this.#isRepeated(connection, key, header)) {
      letGo();
      return;
    }
    this.#waiting.set(key, [connection]);
    this.#arrived(header.session, header.sequence);
    const [height, width] = header.shape;
    void this.#handler?.frame({
      source: "zeromq",
      controller: this.#controllers.nameOf(header.session),
      header,
      frame: { width, height, pixels, ...(header.bitDepth !== undefined && { bitDepth: header.bitDepth }) },
      letGo,
      receivedMs,
      answer: (answer) => this.#answer(key, answer),
    });
  }

  /** Notes that a frame has come, and tells of those that have not. */
  #arrived(session: string, sequence: number): void {
    const lost = this.#controllers.lostBefore(session, sequence);
    if (lost > 0) this.#handler?.lost(session, lost);
  }

  /** Whether this very frame came before; then it gets the answer of that time, now or when there is one. */
  #isRepeated(connection: string, key: string, { id, session }: FrameMessage): boolean {
    const answered = this.#answers.get(key);
    const waiting = this.#waiting.get(key);
    if (answered !== undefined) this.#send(connection, answered);
    else if (waiting !== undefined && waiting.length < MAX_REPEATS) waiting.push(connection);
    else if (waiting !== undefined) {
      this.#send(connection, encodeMessage({ v: 1, type: "drop", id, session, why: "overload" }));
    }
    return answered !== undefined || waiting !== undefined;
  }

  #answer(key: string, answer: Answer): void {
    const text = encodeMessage(answer);
    // A frame that was dropped may be sent again and deserves another try.
    if (answer.type === "verdict") this.#answers.set(key, text);
    for (const connection of this.#waiting.get(key) ?? []) this.#send(connection, text);
    this.#waiting.delete(key);
  }

  #refuse(connection: string, error: ProtocolError): void {
    const { session, sequence } = error;
    if (session !== undefined && sequence !== undefined) this.#arrived(session, sequence);
    const message = {
      v: 1 as const,
      type: "error" as const,
      ...(error.frameId !== undefined && { id: error.frameId }),
      ...(error.session !== undefined && { session: error.session }),
      code: error.code,
      message: error.message,
    };
    this.#send(connection, encodeMessage(message));
    this.#handler?.problem("zeromq", message);
  }

  /** Never waits; where the thread has ended, the controller asks again. */
  #send(connection: string, text: string): void {
    this.#thread?.call("send", { connection, text }).catch(() => undefined);
  }

  #heartbeat(): void {
    const { clock } = this.#context;
    this.#stopHeartbeat = clock.after(HEARTBEAT_MS, () => {
      const text = encodeMessage({
        v: 1,
        type: "heartbeat",
        timestampMs: clock.wallMs(),
        queued: this.#handler?.queued() ?? 0,
      });
      for (const { connection } of this.#controllers.present(clock.now())) this.#send(connection, text);
      this.#heartbeat();
    });
  }
}

/** Every record holds its header: what a controller adds of its own is left out where it is too much for that. */
function recordable(header: FrameMessage, bytes: number): FrameMessage {
  if (bytes <= MAX_RECORDED_BYTES) return header;
  return { ...header, meta: { leftOut: `${bytes} bytes, over ${MAX_RECORDED_BYTES}` } };
}

function isProtocolError(error: unknown): error is ProtocolError {
  return isParfocalError(error, "ProtocolError");
}
