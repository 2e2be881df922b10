import type { Clock } from "../protocol/clock.js";
import type { ResultRecord } from "../records/record.js";
import type { Finding } from "./alert-rule.js";

interface WatchedRun {
  cancel: () => void;
  isSilent: boolean;
  /** Whether the controller has said what it images next. */
  hasNext: boolean;
}

/**
 * Tells when frames stop coming in the middle of an acquisition: a site is not finished, or the controller has said what
 * comes next. An acquisition whose last site has ended may be over, so nothing is expected of it.
 */
export class Silence {
  readonly #silentS: number;
  readonly #clock: Clock;
  readonly #tell: (finding: Finding) => void;
  readonly #runs = new Map<string, WatchedRun>();

  /** @param silentS 0: never. */
  constructor(silentS: number, clock: Clock, tell: (finding: Finding) => void) {
    this.#silentS = silentS;
    this.#clock = clock;
    this.#tell = tell;
  }

  observe(record: ResultRecord): void {
    const { session } = record;
    if (this.#silentS === 0 || session === undefined) return;
    if (record.type === "outcome" || record.type === "abandon") {
      if (this.#runs.get(session)?.hasNext === false) this.ended(session);
    } else if (record.frame?.mode === "gate" && !(record.type === "verdict" && record.late)) {
      const hasNext = record.frame.next !== undefined;
      const isOpen = record.type === "verdict" && record.acquireAgain;
      this.#frame(session, hasNext, isOpen || hasNext);
    }
  }

  /** The run is over. */
  ended(session: string): void {
    const run = this.#runs.get(session);
    this.#runs.delete(session);
    run?.cancel();
    if (run?.isSilent) this.#say(session, "cleared", "The acquisition is over");
  }

  stop(): void {
    for (const { cancel } of this.#runs.values()) cancel();
    this.#runs.clear();
  }

  #frame(session: string, hasNext: boolean, isMoreExpected: boolean): void {
    const before = this.#runs.get(session);
    before?.cancel();
    if (before?.isSilent) this.#say(session, "cleared", "Frames are coming again");
    const run: WatchedRun = { cancel: () => undefined, isSilent: false, hasNext };
    this.#runs.set(session, run);
    if (!isMoreExpected) return;
    run.cancel = this.#clock.after(this.#silentS * 1000, () => {
      run.isSilent = true;
      this.#say(session, "raised", `No frame for ${this.#silentS} s; the acquisition may have stopped`);
    });
  }

  #say(session: string, state: Finding["state"], message: string): void {
    this.#tell({ alert: "no-frames", session, state, message });
  }
}
