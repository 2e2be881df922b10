import { Router } from "zeromq";
import type { ZeromqSourceConfig } from "../config/schema.js";
import { isParfocalError, reasonOf } from "../errors.js";
import { MAX_SIDE_PX } from "../frames/frame.js";
import { bindError } from "../protocol/bind-error.js";
import { BoundedMap } from "../protocol/bounded-map.js";
import { decodeMessage, encodeMessage, type Pixels } from "../protocol/codec.js";
import {
  type FrameMessage,
  HEARTBEAT_MS,
  type HelloMessage,
  type PlainMessage,
} from "../protocol/messages.js";
import type { ProtocolError } from "../protocol/protocol-error.js";
import { Controllers } from "./controllers.js";
import { Outgoing } from "./outgoing.js";
import type { Answer, FrameSource, SourceContext, SourceHandler } from "./source.js";

/** Verdicts that are kept to answer repeated ids. */
const MAX_ANSWERS = 4096;
/** Repeats of one frame that wait for its answer. */
const MAX_REPEATS = 1000;
/** Largest header that is recorded with its `meta`, bytes. */
const MAX_RECORDED_BYTES = 64 * 1024;
/** A controller that was silent this long gets no more heartbeats. */
const SILENCE_MS = 10 * HEARTBEAT_MS;
/** TCP asks this often whether a silent connection still stands, s, and gives it up after so many asks. */
const KEEPALIVE_S = 10;
const KEEPALIVES_LOST = 3;
/** Longest time for which messages are taken without a look at anything else, ms. */
const TURN_MS = 4;
/** Messages that libzmq holds for one connection; what is more waits in `Outgoing`, bounded in bytes. */
const SEND_HIGH_WATER_MARK = 64;
/** How long the last answers may take to leave after an orderly stop, ms. */
const LINGER_MS = 250;

/** Frames from controllers over a ROUTER socket; docs/protocol.md. */
export class ZeromqSource implements FrameSource {
  readonly #config: ZeromqSourceConfig;
  readonly #context: SourceContext;
  readonly #controllers = new Controllers(SILENCE_MS);
  /** Encoded verdicts by frame. */
  readonly #answers = new BoundedMap<string, string>(MAX_ANSWERS);
  /** Connections that wait for the answer to a frame, each as often as it sent the frame. */
  readonly #waiting = new Map<string, Buffer[]>();
  readonly #outgoing: Outgoing;
  #router: Router | undefined;
  #handler: SourceHandler | undefined;
  #stopHeartbeat: () => void = () => undefined;

  constructor(config: ZeromqSourceConfig, context: SourceContext) {
    this.#config = config;
    this.#context = context;
    const { clock, log } = context;
    this.#outgoing = new Outgoing({
      clock,
      send: (identity, text) => this.#router?.send([identity, text]) ?? Promise.resolve(),
      onGone: (identity, error) => {
        this.#controllers.forget(identity);
        log.debug({ reason: reasonOf(error) }, "A controller is gone");
      },
      onLost: (identity) => {
        this.#controllers.forget(identity);
        log.warn("A controller does not read its answers; some are lost");
      },
    });
  }

  async start(handler: SourceHandler, signal: AbortSignal): Promise<string> {
    const router = new Router({
      // Input never stops: the queue drops what is too much. libzmq (4.3.5) aborts the process when a peer leaves while its
      // input is stopped by this mark and heartbeats of its own kind are on, so neither is used.
      receiveHighWaterMark: 0,
      sendHighWaterMark: SEND_HIGH_WATER_MARK,
      maxMessageSize: this.#config.maxFrameMib * 2 ** 20,
      linger: 0,
      sendTimeout: 0,
      // An answer that cannot be delivered fails instead of vanishing.
      mandatory: true,
      // A controller that comes back under its old identity takes over from its dead connection.
      handover: true,
      // Finds dead connections through tunnels.
      tcpKeepalive: 1,
      tcpKeepaliveIdle: KEEPALIVE_S,
      tcpKeepaliveInterval: KEEPALIVE_S,
      tcpKeepaliveCount: KEEPALIVES_LOST,
    });
    this.#router = router;
    this.#handler = handler;
    try {
      await router.bind(this.#config.address);
      signal.throwIfAborted();
    } catch (error) {
      router.close();
      throw signal.aborted ? error : bindError(this.#config.address, error, "sources.zeromq.address");
    }
    void this.#receive(router);
    this.#heartbeat();
    return router.lastEndpoint ?? this.#config.address;
  }

  async pause(): Promise<void> {
    for (const controller of this.#controllers.present(this.#context.clock.now())) {
      this.#outgoing.send(
        controller.identity,
        encodeMessage({ v: 1, type: "bye", reason: "the agent stops" }),
      );
    }
  }

  async stop(): Promise<void> {
    this.#stopHeartbeat();
    await this.#outgoing.stop(LINGER_MS);
    const router = this.#router;
    this.#router = undefined;
    if (router === undefined || router.closed) return;
    router.linger = LINGER_MS;
    router.close();
  }

  async #receive(router: Router): Promise<void> {
    while (!router.closed) {
      try {
        let turnMs = this.#context.clock.now();
        for await (const [identity, ...parts] of router) {
          if (identity !== undefined) this.#take(identity, parts);
          if (this.#context.clock.now() - turnMs < TURN_MS) continue;
          await new Promise((resolve) => setImmediate(resolve));
          turnMs = this.#context.clock.now();
        }
      } catch (error) {
        if (router.closed) return;
        this.#context.log.error(
          { reason: reasonOf(error) },
          "Receiving from controllers failed; trying again",
        );
        await new Promise<void>((resolve) => void this.#context.clock.after(HEARTBEAT_MS, resolve));
      }
    }
  }

  #take(identity: Buffer, parts: readonly Buffer[]): void {
    const now = this.#context.clock.now();
    try {
      const incoming = decodeMessage(parts);
      if (incoming.kind === "unknown") {
        this.#controllers.heard(identity, now);
        return;
      }
      const message = incoming.kind === "frame" ? incoming.header : incoming.message;
      this.#controllers.heard(identity, now, message.session);
      if (incoming.kind === "frame") {
        this.#frame(identity, recordable(incoming.header, parts[0]!.byteLength), incoming.pixels, now);
      } else this.#plain(identity, incoming.message);
    } catch (error) {
      this.#controllers.heard(identity, now);
      if (isProtocolError(error)) this.#refuse(identity, error);
      else this.#context.log.error({ reason: reasonOf(error) }, "A message could not be handled");
    }
  }

  #plain(identity: Buffer, message: PlainMessage): void {
    if (message.type === "hello") this.#welcome(identity, message);
    if (message.type === "abandon") this.#handler?.abandon(message);
    if (message.type === "heartbeat" && message.session !== undefined && message.acquiring !== undefined) {
      this.#handler?.acquiring(message.session, message.acquiring);
    }
    if (message.type === "bye") {
      this.#controllers.forget(identity);
      if (message.session !== undefined) this.#handler?.bye(message.session);
    }
  }

  #welcome(identity: Buffer, { session, controller }: HelloMessage): void {
    const { agent, model, log } = this.#context;
    log.info({ session, controller: controller.name }, "Controller connected");
    this.#controllers.introduced(session, controller.name);
    this.#outgoing.send(
      identity,
      encodeMessage({
        v: 1,
        type: "welcome",
        session,
        agent,
        model,
        limits: {
          maxSidePx: MAX_SIDE_PX,
          maxFrameBytes: this.#config.maxFrameMib * 2 ** 20,
          gateInFlight: 1,
        },
        heartbeatMs: HEARTBEAT_MS,
      }),
    );
  }

  #frame(identity: Buffer, header: FrameMessage, pixels: Pixels, receivedMs: number): void {
    const key = JSON.stringify([header.session, header.id]);
    const answered = this.#answers.get(key);
    if (answered !== undefined) {
      this.#outgoing.send(identity, answered);
      return;
    }
    const waiting = this.#waiting.get(key);
    if (waiting !== undefined && waiting.length < MAX_REPEATS) {
      waiting.push(Buffer.from(identity));
      return;
    }
    if (waiting !== undefined) {
      const { id, session } = header;
      this.#outgoing.send(identity, encodeMessage({ v: 1, type: "drop", id, session, why: "overload" }));
      return;
    }
    this.#waiting.set(key, [Buffer.from(identity)]);
    const lost = this.#controllers.lostBefore(header.session, header.sequence);
    if (lost > 0) this.#handler?.lost(header.session, lost);
    const [height, width] = header.shape;
    void this.#handler?.frame({
      source: "zeromq",
      controller: this.#controllers.nameOf(header.session),
      header,
      frame: { width, height, pixels, ...(header.bitDepth !== undefined && { bitDepth: header.bitDepth }) },
      receivedMs,
      answer: (answer) => this.#answer(key, answer),
    });
  }

  #answer(key: string, answer: Answer): void {
    const text = encodeMessage(answer);
    // A frame that was dropped may be sent again and deserves another try.
    if (answer.type === "verdict") this.#answers.set(key, text);
    for (const identity of this.#waiting.get(key) ?? []) this.#outgoing.send(identity, text);
    this.#waiting.delete(key);
  }

  #refuse(identity: Buffer, error: ProtocolError): void {
    const message = {
      v: 1 as const,
      type: "error" as const,
      ...(error.frameId !== undefined && { id: error.frameId }),
      ...(error.session !== undefined && { session: error.session }),
      code: error.code,
      message: error.message,
    };
    this.#outgoing.send(identity, encodeMessage(message));
    this.#handler?.problem("zeromq", message);
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
      for (const { identity } of this.#controllers.present(clock.now())) this.#outgoing.send(identity, text);
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
