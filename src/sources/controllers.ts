import { BoundedMap } from "../protocol/bounded-map.js";

/** Sessions that are remembered. */
const MAX_SESSIONS = 1000;

/** A connected controller. */
export interface Controller {
  readonly connection: string;
  session: string | undefined;
  /** When it was last heard, monotonic, ms. */
  heardMs: number;
}

/** The controllers that were heard lately, by connection. */
export class Controllers {
  readonly #byConnection = new Map<string, Controller>();
  readonly #sequences = new Map<string, number>();
  readonly #names = new BoundedMap<string, string>(MAX_SESSIONS);
  readonly #silenceMs: number;

  /** @param silenceMs a controller that was not heard this long is forgotten. */
  constructor(silenceMs: number) {
    this.#silenceMs = silenceMs;
  }

  heard(connection: string, nowMs: number, session?: string): void {
    const known = this.#byConnection.get(connection);
    if (known === undefined) this.#byConnection.set(connection, { connection, session, heardMs: nowMs });
    else {
      known.heardMs = nowMs;
      known.session = session ?? known.session;
    }
  }

  /** The controllers that are still there; the silent ones are forgotten. */
  present(nowMs: number): Controller[] {
    for (const { connection, heardMs } of this.#byConnection.values()) {
      if (nowMs - heardMs > this.#silenceMs) this.forget(connection);
    }
    return [...this.#byConnection.values()];
  }

  forget(connection: string): void {
    this.#byConnection.delete(connection);
  }

  /** A controller says who it is. */
  introduced(session: string, name: string): void {
    this.#names.set(session, name);
  }

  /** Name of the controller of a session; undefined if it never said. */
  nameOf(session: string): string | undefined {
    return this.#names.get(session);
  }

  /**
   * How many frames of a session were lost before the one with this sequence number. One that is sent once more has that of
   * then; a session that is begun again counts from 0.
   */
  lostBefore(session: string, sequence: number): number {
    const last = this.#sequences.get(session);
    this.#sequences.delete(session);
    this.#sequences.set(session, sequence === 0 ? 0 : Math.max(sequence, last ?? 0));
    if (this.#sequences.size > MAX_SESSIONS) this.#sequences.delete(this.#sequences.keys().next().value!);
    return last !== undefined && sequence > last + 1 ? sequence - last - 1 : 0;
  }
}
