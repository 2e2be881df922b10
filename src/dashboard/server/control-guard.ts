import { createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import type { Clock } from "../../protocol/clock.js";
import { NONCE_HEADER, SIGNATURE_HEADER, TIME_HEADER } from "../wire.js";

/** How long a signed request may be under way, and how much the clocks may differ, ms. */
const MAX_AGE_MS = 60_000;
const MAX_NONCES = 10_000;

/** What is signed. */
export function signature(token: string, time: string, nonce: string, body: string): string {
  return createHmac("sha256", token).update(`${time}\n${nonce}\n${body}`).digest("hex");
}

/** Lets a request to change something pass only if it is signed with the token, fresh, and the first of its kind. */
export class ControlGuard {
  readonly #token: string;
  readonly #clock: Clock;
  /** Nonces that were used, with the times that came with them. */
  readonly #nonces = new Map<string, number>();

  constructor(token: string, clock: Clock) {
    this.#token = token;
    this.#clock = clock;
  }

  /** Why the request is refused, or undefined if it may pass. A nonce is used up only by a good signature. */
  refusal(headers: IncomingHttpHeaders, body: string): string | undefined {
    const [given, nonce, time] = [SIGNATURE_HEADER, NONCE_HEADER, TIME_HEADER].map((name) => headers[name]);
    if (typeof given !== "string" || typeof nonce !== "string" || typeof time !== "string") {
      return "the request is not signed";
    }
    const wanted = Buffer.from(signature(this.#token, time, nonce, body));
    const got = Buffer.from(given);
    if (got.length !== wanted.length || !timingSafeEqual(got, wanted)) return "the token is wrong";
    const nowMs = this.#clock.wallMs();
    if (!(Math.abs(nowMs - Number(time)) <= MAX_AGE_MS)) {
      return "the request is too old, or the clocks differ by more than a minute";
    }
    if (nonce.length < 16) return "the nonce is shorter than 16 characters";
    this.#forget(nowMs);
    if (this.#nonces.has(nonce)) return "the request was made before";
    if (this.#nonces.size >= MAX_NONCES) return "too many requests; try again in a minute";
    this.#nonces.set(nonce, Number(time));
    return undefined;
  }

  /** Nonces whose time has run out are refused by their time. */
  #forget(nowMs: number): void {
    for (const [nonce, timeMs] of this.#nonces) {
      if (nowMs - timeMs > MAX_AGE_MS) this.#nonces.delete(nonce);
    }
  }
}
