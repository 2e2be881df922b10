import { type Clock, passed } from "../protocol/clock.js";

/** Bytes of answers that wait for one controller that does not read, and for all of them. */
const MAX_BYTES_EACH = 4 * 2 ** 20;
const MAX_BYTES = 64 * 2 ** 20;
/** Pause before a full connection is tried again, ms. */
const RETRY_MS = 5;

interface Waiting {
  readonly connection: string;
  readonly texts: string[];
  bytes: number;
  hasLost: boolean;
}

export interface OutgoingOptions {
  readonly clock: Clock;
  /** Sends at once or rejects: with EAGAIN where the connection is full. */
  readonly send: (connection: string, text: string) => Promise<void>;
  /** The controller is gone; what waited for it is let go. */
  readonly onGone: (connection: string, error: unknown) => void;
  /** Answers are given up because the controller does not read; told once until it has read all. */
  readonly onLost: (connection: string) => void;
}

/**
 * What is said to controllers. A burst of answers is more than a connection takes at once, however well its controller
 * reads: the rest waits here, bounded in bytes, and follows in its order.
 */
export class Outgoing {
  readonly #options: OutgoingOptions;
  readonly #waiting = new Map<string, Waiting>();
  #bytes = 0;
  #flushing: Promise<void> | undefined;
  #cancelRetry: () => void = () => undefined;

  constructor(options: OutgoingOptions) {
    this.#options = options;
  }

  /** Bytes that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Never waits. */
  send(connection: string, text: string): void {
    if (this.#waiting.has(connection)) {
      this.#wait(connection, text);
      return;
    }
    this.#options.send(connection, text).catch((error: unknown) => {
      if (isFull(error)) this.#wait(connection, text);
      else this.#gone(connection, error);
    });
  }

  /** Tries to send what waits until all has left or the time, ms, is over; lets go of the rest. */
  async stop(limitMs: number): Promise<void> {
    const { clock } = this.#options;
    const endMs = clock.now() + limitMs;
    while (this.#waiting.size > 0 && clock.now() < endMs) {
      await this.#flush();
      await passed(clock, RETRY_MS);
    }
    this.#cancelRetry();
    this.#waiting.clear();
    this.#bytes = 0;
  }

  #wait(connection: string, text: string): void {
    const waiting = this.#waiting.get(connection) ?? { connection, texts: [], bytes: 0, hasLost: false };
    const bytes = Buffer.byteLength(text);
    if (waiting.bytes + bytes > MAX_BYTES_EACH || this.#bytes + bytes > MAX_BYTES) {
      if (!waiting.hasLost) this.#options.onLost(connection);
      waiting.hasLost = true;
      return;
    }
    waiting.texts.push(text);
    waiting.bytes += bytes;
    this.#bytes += bytes;
    if (this.#waiting.size === 0) this.#retryLater();
    this.#waiting.set(connection, waiting);
  }

  #retryLater(): void {
    this.#cancelRetry = this.#options.clock.after(RETRY_MS, () => {
      void this.#flush().then(() => {
        if (this.#waiting.size > 0) this.#retryLater();
      });
    });
  }

  #flush(): Promise<void> {
    this.#flushing ??= Promise.all([...this.#waiting.values()].map((each) => this.#flushOne(each))).then(
      () => {
        this.#flushing = undefined;
      },
    );
    return this.#flushing;
  }

  async #flushOne(waiting: Waiting): Promise<void> {
    const { connection, texts } = waiting;
    let sent = 0;
    try {
      // What is added meanwhile goes along.
      for (; sent < texts.length; sent++) await this.#options.send(connection, texts[sent]!);
      this.#waiting.delete(connection);
    } catch (error) {
      if (!isFull(error)) {
        this.#gone(connection, error);
        return;
      }
    }
    const bytes = texts.splice(0, sent).reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    waiting.bytes -= bytes;
    this.#bytes -= bytes;
  }

  #gone(connection: string, error: unknown): void {
    this.#bytes -= this.#waiting.get(connection)?.bytes ?? 0;
    this.#waiting.delete(connection);
    this.#options.onGone(connection, error);
  }
}

function isFull(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "EAGAIN";
}
