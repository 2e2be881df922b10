import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/** Lets a request to change something pass only if it brings the token: `authorization: Bearer TOKEN`. */
export class ControlGuard {
  readonly #digest: Buffer;

  constructor(token: string) {
    this.#digest = digestOf(token);
  }

  /** Why the request is refused, or undefined if it may pass. */
  refusal({ authorization }: Pick<IncomingHttpHeaders, "authorization">): string | undefined {
    const given = /^Bearer +(\S+)$/i.exec(authorization ?? "")?.[1];
    if (given === undefined) return "the request brings no token (authorization: Bearer TOKEN)";
    // Digests are of one length, and comparing them takes as long whatever is in them.
    return timingSafeEqual(digestOf(given), this.#digest) ? undefined : "the token is wrong";
  }
}

function digestOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
