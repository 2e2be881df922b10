import { randomUUID } from "node:crypto";
import type { Logger } from "pino";
import { fetchReason } from "../errors.js";
import type { Clock } from "../protocol/clock.js";
import { withinTime } from "../protocol/within-time.js";
import { Outbox } from "../sinks/outbox.js";
import type { SinkCounts } from "../sinks/sink.js";

/** Tries of one message, and the first pause between two, ms; each further one is four times as long. */
const TRIES = 3;
const FIRST_PAUSE_MS = 1000;
/** Longest pause that a webhook may ask for, ms. */
const MOST_ASKED_MS = 600_000;
/** Messages that wait, bytes; beyond that the oldest are given up. */
const MAX_WAITING_BYTES = 8192;
/** After a stop, longest time for what waits, ms. */
const LAST_WORDS_MS = 2000;

interface Message {
  /** The same for each try, so that a receiver that was too slow to answer can tell a repeat. */
  readonly key: string;
  readonly text: string;
}

/** Sends texts to a webhook as Slack takes them, one after the other. Nobody waits for it, and it never throws. */
export class Webhook {
  readonly #url: string;
  readonly #timeoutMs: number;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #stopping = new AbortController();
  readonly #outbox: Outbox;
  /** The pause that the last answer asked for, ms. */
  #askedMs = 0;

  constructor(url: string, timeoutMs: number, log: Logger, clock: Clock) {
    this.#url = url;
    this.#timeoutMs = timeoutMs;
    this.#log = log;
    this.#clock = clock;
    this.#outbox = new Outbox({
      send: ([line]) => this.#post(JSON.parse(line!) as Message),
      maxBytes: MAX_WAITING_BYTES,
      maxBatch: 1,
      pauseMs: (failures) =>
        failures === TRIES ? undefined : Math.max(this.#askedMs, FIRST_PAUSE_MS * 4 ** (failures - 1)),
      failed: (error, isFirst) => this.#failed(error, isFirst),
      clock,
    });
  }

  send(text: string): void {
    void this.#outbox.add(JSON.stringify({ key: randomUUID(), text } satisfies Message));
  }

  counts(): SinkCounts {
    return this.#outbox.counts();
  }

  /** Sends what waits, as far as that takes no longer than a moment. */
  async stop(): Promise<void> {
    const cancel = this.#clock.after(LAST_WORDS_MS, () => this.#stopping.abort());
    await this.#outbox.stop();
    cancel();
  }

  #post({ key, text }: Message): Promise<void> {
    this.#askedMs = 0;
    return withinTime(this.#timeoutMs, this.#stopping.signal, this.#clock, async (signal) => {
      const response = await fetch(this.#url, {
        method: "POST",
        headers: { "content-type": "application/json", "idempotency-key": key },
        body: JSON.stringify({ text }),
        // A redirect of a POST is followed without its text.
        redirect: "manual",
        signal,
      });
      await response.body?.cancel();
      this.#askedMs = askedPause(response.headers.get("retry-after"), this.#clock.wallMs());
      const isMoved = response.status >= 300 && response.status < 400;
      const what = isMoved ? ", a redirect: set the address that it leads to" : "";
      if (!response.ok) throw new Error(`it answered ${response.status}${what}`);
    });
  }

  #failed(error: unknown, isFirst: boolean): void {
    if (!isFirst) return;
    // The rest of the address is a secret.
    const fields = { webhook: new URL(this.#url).origin, reason: fetchReason(error) };
    this.#log.error(
      fields,
      "The webhook for alerts cannot be reached; alerts are in the log and on the page",
    );
  }
}

/** What `Retry-After` asks for, ms: it holds seconds, or a date. */
function askedPause(header: string | null, nowMs: number): number {
  if (header === null) return 0;
  const seconds = Number(header);
  const pauseMs = Number.isNaN(seconds) ? Date.parse(header) - nowMs : seconds * 1000;
  return pauseMs > 0 ? Math.min(pauseMs, MOST_ASKED_MS) : 0;
}
