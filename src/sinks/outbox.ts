import type { Clock } from "../protocol/clock.js";
import { PendingLines } from "./pending-lines.js";
import type { SinkCounts } from "./sink.js";

export interface OutboxParts {
  /** Sends lines, all or none. `handedOver` may be called before it is done, for those who wait for no more than that. */
  readonly send: (lines: readonly string[], handedOver: () => void) => Promise<void>;
  /** Gets ready to send, also where there is nothing to send yet; false: not at present. */
  readonly prepare?: () => Promise<boolean>;
  /** What is kept while it waits, bytes; beyond that the oldest lines are lost. */
  readonly maxBytes: number;
  /** Lines sent at a time. */
  readonly maxBatch?: number;
  /** How long fewer lines may wait for more, ms. */
  readonly delayMs?: number;
  /** Time until the next try after so many failures in a row, ms; undefined: what was to be sent is given up. */
  readonly pauseMs: (failures: number) => number | undefined;
  readonly failed: (error: unknown, isFirst: boolean) => void;
  readonly succeeded?: (hadFailed: boolean) => void;
  readonly clock: Clock;
}

/** Lines for something that may refuse them: sent in batches, kept and tried again while it does. Never throws. */
export class Outbox {
  readonly #parts: OutboxParts;
  readonly #maxBatch: number;
  readonly #delayMs: number;
  readonly #pending: PendingLines;
  /** Settled with the lines that wait, once they are handed over or refused. */
  #next = newPromise();
  #sending: Promise<void> | undefined;
  #cancelTimer: (() => void) | undefined;
  #failuresInARow = 0;
  #isFailing: boolean = false;
  #isStopped: boolean = false;
  /** Whether the time for the last lines is over. */
  #isOver: boolean = false;
  #written = 0;
  #failures = 0;
  #lost = 0;

  constructor(parts: OutboxParts) {
    this.#parts = parts;
    this.#maxBatch = parts.maxBatch ?? Number.POSITIVE_INFINITY;
    this.#delayMs = parts.delayMs ?? 0;
    this.#pending = new PendingLines(parts.maxBytes);
  }

  /** Whether the last try failed. */
  get isFailing(): boolean {
    return this.#isFailing;
  }

  /** Takes a line. Resolves when it is handed over, or is kept because it is refused at present. */
  add(line: string): Promise<void> {
    if (this.#isStopped) {
      this.#lost++;
      return Promise.resolve();
    }
    this.#lost += this.#pending.add(line);
    if (this.#isFailing) return Promise.resolve();
    const { promise } = this.#next;
    if (this.#delayMs === 0 || this.#pending.length >= this.#maxBatch) this.#send();
    else this.#cancelTimer ??= this.#parts.clock.after(this.#delayMs, () => this.#send());
    return promise;
  }

  /** Tries to send all that waits, now. */
  async flush(): Promise<void> {
    await this.#sending;
    this.#send();
    await this.#sending;
  }

  /** Something else about the same receiver failed: it is tried again after a while. */
  noteFailure(error: unknown): void {
    this.#failed(error, []);
  }

  counts(): SinkCounts {
    return { written: this.#written, failures: this.#failures, lost: this.#lost };
  }

  /**
   * Tries once more, and begins no other batch once the time, ms, is over, if there is a limit.
   * @returns lines that could not be sent; they count as lost.
   */
  async stop(withinMs?: number): Promise<number> {
    this.#isStopped = true;
    const end = () => {
      this.#isOver = true;
    };
    const cancel = withinMs === undefined ? undefined : this.#parts.clock.after(withinMs, end);
    await this.flush();
    cancel?.();
    this.#cancelTimer?.();
    const left = this.#pending.take().length;
    this.#lost += left;
    return left;
  }

  #send(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#isOver) return;
    this.#sending ??= this.#sendAll().then((isReady) => {
      this.#sending = undefined;
      // What has come since the last look.
      const enough = this.#delayMs === 0 ? 1 : this.#maxBatch;
      if (isReady && this.#pending.length >= enough) this.#send();
    });
  }

  /** @returns whether it can go on. */
  async #sendAll(): Promise<boolean> {
    let batch: readonly string[] = [];
    try {
      if ((await this.#parts.prepare?.()) === false) return false;
      do {
        batch = this.#pending.take(Math.min(this.#maxBatch, this.#pending.length));
        const { settle } = this.#next;
        this.#next = newPromise();
        try {
          if (batch.length > 0) await this.#parts.send(batch, settle);
        } finally {
          settle();
        }
        this.#written += batch.length;
        batch = [];
        this.#succeeded();
      } while (this.#pending.length > 0 && !this.#isOver);
      return true;
    } catch (error) {
      this.#failed(error, batch);
      return false;
    }
  }

  #succeeded(): void {
    const hadFailed = this.#isFailing;
    this.#isFailing = false;
    this.#failuresInARow = 0;
    this.#parts.succeeded?.(hadFailed);
  }

  #failed(error: unknown, batch: readonly string[]): void {
    this.#failures++;
    const pauseMs = this.#parts.pauseMs(++this.#failuresInARow);
    if (pauseMs === undefined) {
      this.#lost += batch.length;
      this.#failuresInARow = 0;
    } else {
      this.#lost += this.#pending.putBack(batch);
    }
    this.#parts.failed(error, !this.#isFailing);
    this.#isFailing = true;
    this.#cancelTimer?.();
    if (!this.#isStopped) this.#cancelTimer = this.#parts.clock.after(pauseMs ?? 0, () => this.#send());
  }
}

function newPromise(): { readonly promise: Promise<void>; readonly settle: () => void } {
  let settle = () => {};
  const promise = new Promise<void>((resolve) => {
    settle = resolve;
  });
  return { promise, settle };
}
