import { Router } from "zeromq";
import { reasonOf } from "../errors.js";
import { FrameMemory } from "../frame-memory.js";
import { type Clock, passed } from "../protocol/clock.js";
import { socketOptions } from "../protocol/socket-address.js";
import { type Arrival, arrived } from "./arrivals.js";
import { MessageMemory } from "./message-memory.js";
import { Outgoing } from "./outgoing.js";

/** TCP asks this often whether a silent connection still stands, s, and gives it up after so many asks. */
const KEEPALIVE_S = 10;
const KEEPALIVES_LOST = 3;
/** Messages that libzmq holds for one connection; what is more waits in `Outgoing`, bounded in bytes. */
const SEND_HIGH_WATER_MARK = 64;
/** A message that is larger than a frame may be, by so much at most, is received and refused by name; a larger one closes its connection. */
const REFUSED_BYTES = 256 * 2 ** 20;
/** How long the last answers may take to leave after an orderly stop, ms. */
const LINGER_MS = 250;
/** Pause after receiving failed, ms. */
const RETRY_MS = 1000;
/** Longest time for which messages are taken without a look at anything else, ms. */
const TURN_MS = 4;
/** What may wait to be fetched: messages, and bytes of their pixels, except for one frame alone. The rest waits in libzmq. */
const MAX_WAITING = 64;
const MAX_WAITING_BYTES = 64 * 2 ** 20;

/** The ROUTER socket that controllers connect to; docs/protocol.md. Connections are called by their routing identity in hexadecimal. */
export class ControllerSocket {
  readonly #clock: Clock;
  readonly #memory = new FrameMemory();
  readonly #received = new MessageMemory();
  readonly #outgoing: Outgoing;
  #router: Router | undefined;
  #arrived: Arrival[] = [];
  #arrivedBytes = 0;
  #somethingArrived: () => void = () => undefined;
  #allFetched: () => void = () => undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#outgoing = new Outgoing({
      clock,
      send: (connection, text) =>
        this.#router?.send([Buffer.from(connection, "hex"), text]) ?? Promise.resolve(),
      onGone: (connection, error) => this.#arrive({ connection, kind: "gone", reason: reasonOf(error) }),
      onLost: (connection) => this.#arrive({ connection, kind: "unread" }),
    });
  }

  /**
   * Binds and begins to receive.
   * @param maxFrameBytes most bytes of the pixels of a frame.
   * @returns the address, with the port where the given one leaves it open.
   * @throws what the system says.
   */
  async bind(address: string, maxFrameBytes: number): Promise<string> {
    const router = new Router({
      ...socketOptions(address),
      // Input never stops: the queue drops what is too much. libzmq (4.3.5) aborts the process when a peer leaves while its
      // input is stopped by this mark and heartbeats of its own kind are on, so neither is used.
      receiveHighWaterMark: 0,
      sendHighWaterMark: SEND_HIGH_WATER_MARK,
      maxMessageSize: maxFrameBytes + REFUSED_BYTES,
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
    try {
      await router.bind(address);
    } catch (error) {
      router.close();
      throw error;
    }
    this.#router = router;
    void this.#receive(router, maxFrameBytes);
    return router.lastEndpoint ?? address;
  }

  /** What arrived since the last call, in its order; waits until there is something. */
  async arrivals(): Promise<Arrival[]> {
    if (this.#arrived.length === 0) await new Promise<void>((resolve) => (this.#somethingArrived = resolve));
    const arrived = this.#arrived;
    [this.#arrived, this.#arrivedBytes] = [[], 0];
    this.#allFetched();
    return arrived;
  }

  /** Never waits. */
  send(connection: string, text: string): void {
    this.#outgoing.send(connection, text);
  }

  /** Lets the last answers leave. */
  async stop(): Promise<void> {
    await this.#outgoing.stop(LINGER_MS);
    const router = this.#router;
    this.#router = undefined;
    if (router === undefined || router.closed) return;
    router.linger = LINGER_MS;
    router.close();
  }

  async #receive(router: Router, maxFrameBytes: number): Promise<void> {
    while (!router.closed) {
      try {
        let turnMs = this.#clock.now();
        for await (const [identity, ...parts] of router) {
          if (identity !== undefined) {
            this.#arrive(await arrived(identity.toString("hex"), parts, this.#memory, maxFrameBytes));
            this.#received.copied(parts);
          }
          await this.#room();
          if (this.#clock.now() - turnMs < TURN_MS) continue;
          await new Promise((resolve) => setImmediate(resolve));
          turnMs = this.#clock.now();
        }
      } catch (error) {
        if (router.closed) return;
        this.#arrive({ kind: "failed", reason: reasonOf(error) });
        await passed(this.#clock, RETRY_MS);
      }
    }
  }

  #arrive(arrival: Arrival): void {
    this.#arrived.push(arrival);
    if (arrival.kind === "message") this.#arrivedBytes += arrival.pixels?.bytes ?? 0;
    this.#somethingArrived();
  }

  /** Resolves when more may arrive. */
  async #room(): Promise<void> {
    if (this.#arrived.length < MAX_WAITING && this.#arrivedBytes < MAX_WAITING_BYTES) return;
    await new Promise<void>((resolve) => (this.#allFetched = resolve));
  }
}
