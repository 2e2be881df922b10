import type { Logger } from "pino";
import { BoundedMap } from "../protocol/bounded-map.js";
import type { Clock } from "../protocol/clock.js";
import type { ErrorMessage } from "../protocol/messages.js";

/** A controller whose frames are all too large is told of again after this long, ms. */
const AGAIN_MS = 10 * 60_000;
const MAX_SESSIONS = 1000;

/** Tells in the log what was refused. A camera whose frames are too large sends them one after the other: that is told now and then. */
export class RefusedInput {
  readonly #log: Logger;
  readonly #clock: Clock;
  /** When it was told last, by session. */
  readonly #toldMs = new BoundedMap<string, number>(MAX_SESSIONS);

  constructor(log: Logger, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  tell(source: string, { code, message, session = "" }: ErrorMessage): void {
    if (code === "too-large" && !this.#isNews(session)) return;
    const who = session === "" ? {} : { session };
    this.#log.warn({ source, ...who, code, reason: message }, "A message or file was refused");
  }

  #isNews(session: string): boolean {
    const now = this.#clock.now();
    const told = this.#toldMs.get(session);
    if (told !== undefined && now - told < AGAIN_MS) return false;
    this.#toldMs.set(session, now);
    return true;
  }
}
