import type { Logger } from "pino";
import { reasonOf } from "../errors.js";
import type { Clock } from "../protocol/clock.js";

/** Tries of one message, and the first pause between two, ms; each further one is four times as long. */
const TRIES = 3;
const FIRST_PAUSE_MS = 1000;
/** Messages that wait; beyond that the oldest are given up. */
const MAX_WAITING = 20;
/** After a stop, longest time for what waits, ms. */
const LAST_WORDS_MS = 2000;

export interface WebhookCounts {
  readonly written: number;
  readonly failures: number;
  readonly lost: number;
}

/** Sends texts to a webhook as Slack takes them, one after the other. Nobody waits for it, and it never throws. */
export class Webhook {
  readonly #url: string;
  readonly #timeoutMs: number;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #stopping = new AbortController();
  readonly #waiting: string[] = [];
  #sending: Promise<void> | undefined;
  #isFailing: boolean = false;
  #written = 0;
  #failures = 0;
  #lost = 0;

  constructor(url: string, timeoutMs: number, log: Logger, clock: Clock) {
    this.#url = url;
    this.#timeoutMs = timeoutMs;
    this.#log = log;
    this.#clock = clock;
  }

  send(text: string): void {
    this.#waiting.push(text);
    if (this.#waiting.length > MAX_WAITING) {
      this.#waiting.shift();
      this.#lost++;
    }
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined;
    });
  }

  counts(): WebhookCounts {
    return { written: this.#written, failures: this.#failures, lost: this.#lost };
  }

  /** Sends what waits, as far as that takes no longer than a moment. */
  async stop(): Promise<void> {
    const cancel = this.#clock.after(LAST_WORDS_MS, () => this.#stopping.abort());
    await this.#sending;
    cancel();
  }

  async #sendAll(): Promise<void> {
    for (let text = this.#waiting.shift(); text !== undefined; text = this.#waiting.shift()) {
      if (await this.#sent(text)) this.#written++;
      else this.#lost++;
    }
  }

  async #sent(text: string): Promise<boolean> {
    for (let tries = 1; !this.#stopping.signal.aborted; tries++) {
      try {
        await this.#post(text);
        this.#isFailing = false;
        return true;
      } catch (error) {
        this.#failed(error);
        if (tries === TRIES) return false;
        await this.#pause(FIRST_PAUSE_MS * 4 ** (tries - 1));
      }
    }
    return false;
  }

  async #post(text: string): Promise<void> {
    // AbortSignal.any() of an AbortSignal.timeout() never fires once garbage has been collected
    // (Node 20): a webhook that hangs would hold all later alerts back for minutes.
    const giveUp = new AbortController();
    const cancel = this.#afterOrAtStop(this.#timeoutMs, () => {
      const { aborted, reason } = this.#stopping.signal;
      giveUp.abort(aborted ? reason : new Error(`no answer within ${this.#timeoutMs} ms`));
    });
    try {
      const response = await fetch(this.#url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ text }),
        signal: giveUp.signal,
      });
      await response.body?.cancel();
      if (!response.ok) throw new Error(`it answered ${response.status}`);
    } finally {
      cancel();
    }
  }

  #failed(error: unknown): void {
    this.#failures++;
    if (!this.#isFailing) {
      const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
      // The rest of the address is a secret.
      const fields = { webhook: new URL(this.#url).origin, reason: reasonOf(cause) };
      this.#log.error(
        fields,
        "The webhook for alerts cannot be reached; alerts are in the log and on the page",
      );
    }
    this.#isFailing = true;
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#afterOrAtStop(ms, () => {
        cancel();
        resolve();
      });
    });
  }

  /** Calls `then` after so long, or when the webhook stops; the result calls it off. */
  #afterOrAtStop(ms: number, then: () => void): () => void {
    const { signal } = this.#stopping;
    const cancel = this.#clock.after(ms, then);
    signal.addEventListener("abort", then);
    return () => {
      cancel();
      signal.removeEventListener("abort", then);
    };
  }
}
