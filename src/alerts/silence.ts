import type { Clock } from "../protocol/clock.js";
import type { Finding } from "./alert-rule.js";

/** Tells when the frames of a run stop coming though nobody has ended it. */
export class Silence {
  readonly #silentS: number;
  readonly #clock: Clock;
  readonly #tell: (finding: Finding) => void;
  readonly #runs = new Map<string, { cancel: () => void; isSilent: boolean }>();

  /** @param silentS 0: never. */
  constructor(silentS: number, clock: Clock, tell: (finding: Finding) => void) {
    this.#silentS = silentS;
    this.#clock = clock;
    this.#tell = tell;
  }

  /** A gated frame has come: somebody is at work. */
  frame(session: string): void {
    if (this.#silentS === 0) return;
    const run = this.#runs.get(session) ?? { cancel: () => undefined, isSilent: false };
    this.#runs.set(session, run);
    run.cancel();
    run.cancel = this.#clock.after(this.#silentS * 1000, () => {
      run.isSilent = true;
      const message = `No frame for ${this.#silentS} s; the acquisition may have stopped`;
      this.#tell({ alert: "no-frames", session, state: "raised", message });
    });
    if (!run.isSilent) return;
    run.isSilent = false;
    this.#tell({ alert: "no-frames", session, state: "cleared", message: "Frames are coming again" });
  }

  /** The run is over. */
  ended(session: string): void {
    this.#runs.get(session)?.cancel();
    this.#runs.delete(session);
  }

  stop(): void {
    for (const session of [...this.#runs.keys()]) this.ended(session);
  }
}
