import { randomUUID } from "node:crypto";
import { type RawData, WebSocket } from "ws";
import type { Clock } from "../../protocol/clock.js";
import type { ResultRecord } from "../../records/record.js";
import { recordText } from "../../records/record-line.js";
import type { ServerMessage, StatusView } from "../wire.js";

/** Shortest time between two messages with records, ms: ten a second. */
const BATCH_MS = 100;
/**
 * The first record after a pause goes out almost at once, with what follows it at once (an outcome). A controller is busy
 * then, moving its stage: what a page on the same machine draws then takes no time from the next frame.
 */
const FIRST_MS = 2;
/** Time between two messages with the status, ms. */
const STATUS_MS = 1000;
/** Records that are held for pages that come back; one that was away for longer takes a new snapshot. */
const MAX_HELD = 2000;
/** A page that reads so slowly that this much waits for it is cut off, bytes; it comes back and catches up. */
const MAX_WAITING_BYTES = 16 * 2 ** 20;
/** Records of more characters are sent without what the controller added of its own. */
const MAX_TEXT = 8192;
/** Pages at a time. */
export const MAX_CLIENTS = 32;

/** Records to the pages that are open, in batches, and to those that come back after a lost connection. */
export class LiveStream {
  /** Another after each start of the agent. */
  readonly epoch = randomUUID();
  readonly #clock: Clock;
  readonly #status: () => StatusView;
  readonly #clients = new Set<WebSocket>();
  /** The last records as JSON; the last one has the number `sequence`. */
  #held: string[] = [];
  /** Records since the last message. */
  #unsent = 0;
  #sequence = 0;
  #lastBatchMs = Number.NEGATIVE_INFINITY;
  #cancelBatch: (() => void) | undefined;
  #cancelStatus: (() => void) | undefined;

  constructor(clock: Clock, status: () => StatusView) {
    this.#clock = clock;
    this.#status = status;
  }

  /** Number of the last record. */
  get sequence(): number {
    return this.#sequence;
  }

  get clients(): number {
    return this.#clients.size;
  }

  start(): void {
    this.#cancelStatus = this.#clock.after(STATUS_MS, () => {
      this.sendStatus();
      this.start();
    });
  }

  write(record: ResultRecord): void {
    this.#held.push(textFor(record));
    this.#sequence++;
    this.#unsent++;
    // Cut seldom: shifting each time would move the whole list.
    if (this.#held.length > 2 * MAX_HELD) this.#held = this.#held.slice(-MAX_HELD);
    if (this.#cancelBatch !== undefined) return;
    const waitMs = Math.max(FIRST_MS, this.#lastBatchMs + BATCH_MS - this.#clock.now());
    this.#cancelBatch = this.#clock.after(waitMs, () => this.#sendBatch());
  }

  /** Takes a page in. @param since the last record that it has, if it was here before in this epoch. */
  add(client: WebSocket, since: { readonly epoch: string; readonly sequence: number } | undefined): void {
    this.#sendBatch();
    this.#clients.add(client);
    client.on("close", () => this.#clients.delete(client));
    client.on("error", () => client.terminate());
    // Pages have nothing to say here; changes go by signed requests.
    client.on("message", (_data: RawData) => client.close(1008, "nothing is expected here"));
    const { epoch } = this;
    send(client, { type: "hello", epoch, sequence: this.#sequence });
    send(client, { type: "status", status: this.#status() });
    if (since === undefined) return;
    const missed = this.#sequence - since.sequence;
    const isHeld = since.epoch === epoch && missed >= 0 && missed <= this.#held.length;
    if (!isHeld) send(client, { type: "gap", epoch, sequence: this.#sequence });
    else if (missed > 0) client.send(this.#last(missed));
  }

  sendStatus(): void {
    if (this.#clients.size > 0) this.#sendAll(textOf({ type: "status", status: this.#status() }));
  }

  stop(): void {
    this.#sendBatch();
    this.sendStatus();
    this.#cancelStatus?.();
    for (const client of this.#clients) client.close(1001, "the agent stopped");
  }

  /** Cuts the pages off that have not closed. */
  terminate(): void {
    for (const client of this.#clients) client.terminate();
  }

  #sendBatch(): void {
    this.#cancelBatch?.();
    this.#cancelBatch = undefined;
    if (this.#unsent === 0) return;
    this.#lastBatchMs = this.#clock.now();
    if (this.#clients.size > 0) this.#sendAll(this.#last(this.#unsent));
    this.#unsent = 0;
  }

  /** The message with the last records, made of their texts. */
  #last(count: number): string {
    const message = textOf({ type: "records", sequence: this.#sequence, records: [] });
    return `${message.slice(0, -"]}".length)}${this.#held.slice(-count).join(",")}]}`;
  }

  #sendAll(text: string): void {
    for (const client of this.#clients) {
      if (client.readyState !== WebSocket.OPEN) continue;
      if (client.bufferedAmount > MAX_WAITING_BYTES) client.terminate();
      else client.send(text);
    }
  }
}

/** A record for the page. What a controller adds of its own may be large, and the page does not show it. */
function textFor(record: ResultRecord): string {
  const text = recordText(record);
  if (text.length <= MAX_TEXT || record.frame?.meta === undefined) return text;
  const { meta: _, ...frame } = record.frame;
  return JSON.stringify({ ...record, frame });
}

function textOf(message: ServerMessage): string {
  return JSON.stringify(message);
}

function send(client: WebSocket, message: ServerMessage): void {
  client.send(textOf(message));
}
