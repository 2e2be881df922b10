import { BoundedMap } from "../protocol/bounded-map.js";
import type { Clock } from "../protocol/clock.js";
import type { ResultRecord } from "../records/record.js";
import type { Finding } from "./alert-rule.js";

/** Runs that are watched at once; controllers that leave without a goodbye are forgotten, the oldest first. */
const MAX_RUNS = 1000;
/** Silence is longer than this many of the longest pauses that the run has made so far: time-lapses wait. */
const PAUSES = 1.5;

interface WatchedRun {
  cancel: () => void;
  isSilent: boolean;
  /** Whether the controller has said what it images next. */
  hasNext: boolean;
  /** Whether an acquisition runs, as the controller says; undefined: it says nothing of that. */
  isAcquiring: boolean | undefined;
  /** When the last frame was there, monotonic, ms. */
  frameMs: number | undefined;
  longestPauseMs: number;
}

/**
 * Tells when frames stop coming in the middle of an acquisition. A controller says in its heartbeats whether one runs. Of
 * one that does not, it is known that a site is not finished, or that it has said what comes next; an acquisition whose
 * last site has ended may be over, so nothing is expected of it.
 */
export class Silence {
  readonly #silentS: number;
  readonly #clock: Clock;
  readonly #tell: (finding: Finding) => void;
  readonly #runs = new BoundedMap<string, WatchedRun>(MAX_RUNS);

  /** @param silentS 0: never. */
  constructor(silentS: number, clock: Clock, tell: (finding: Finding) => void) {
    this.#silentS = silentS;
    this.#clock = clock;
    this.#tell = tell;
  }

  observe(record: ResultRecord): void {
    const { session } = record;
    if (this.#silentS === 0 || session === undefined) return;
    const run = this.#runs.get(session);
    if (record.type === "outcome" || record.type === "abandon") {
      if (run?.hasNext === false && run.isAcquiring === undefined) this.ended(session);
    } else if (record.frame !== undefined && !(record.type === "verdict" && record.late)) {
      if (record.frame.mode !== "gate" && run?.isAcquiring === undefined) return;
      const isOpen = record.type === "verdict" && record.acquireAgain;
      this.#frame(session, record.frame.next !== undefined, isOpen);
    }
  }

  /** The controller says whether an acquisition runs. */
  acquiring(session: string, isAcquiring: boolean): void {
    if (this.#silentS === 0) return;
    const run = this.#run(session);
    if (run.isAcquiring === isAcquiring) return;
    run.isAcquiring = isAcquiring;
    if (isAcquiring) this.#expect(session, run);
    else this.#isOver(session, run);
  }

  /** The run is over. */
  ended(session: string): void {
    const run = this.#runs.get(session);
    this.#runs.delete(session);
    if (run !== undefined) this.#isOver(session, run);
  }

  stop(): void {
    for (const [session, { cancel }] of [...this.#runs.entries()]) {
      cancel();
      this.#runs.delete(session);
    }
  }

  #frame(session: string, hasNext: boolean, isOpen: boolean): void {
    const run = this.#run(session);
    const nowMs = this.#clock.now();
    if (run.frameMs !== undefined) run.longestPauseMs = Math.max(run.longestPauseMs, nowMs - run.frameMs);
    run.frameMs = nowMs;
    run.hasNext = hasNext;
    this.#clear(session, run, "Frames are coming again");
    if (run.isAcquiring ?? (isOpen || hasNext)) this.#expect(session, run);
  }

  #run(session: string): WatchedRun {
    const known = this.#runs.get(session);
    if (known !== undefined) return known;
    const run: WatchedRun = {
      ...{ cancel: () => undefined, isSilent: false, hasNext: false },
      ...{ isAcquiring: undefined, frameMs: undefined, longestPauseMs: 0 },
    };
    this.#runs.set(session, run)?.[1].cancel();
    return run;
  }

  /** Raises the alert unless a frame comes. */
  #expect(session: string, run: WatchedRun): void {
    run.cancel();
    const silentMs = Math.max(this.#silentS * 1000, PAUSES * run.longestPauseMs);
    run.cancel = this.#clock.after(silentMs, () => {
      run.isSilent = true;
      const silentS = Math.round(silentMs) / 1000;
      this.#say(session, "raised", `No frame for ${silentS} s; the acquisition may have stopped`);
    });
  }

  /** Pauses between two acquisitions are none of either. */
  #isOver(session: string, run: WatchedRun): void {
    run.frameMs = undefined;
    this.#clear(session, run, "The acquisition is over");
  }

  #clear(session: string, run: WatchedRun, message: string): void {
    run.cancel();
    if (run.isSilent) this.#say(session, "cleared", message);
    run.isSilent = false;
  }

  #say(session: string, state: Finding["state"], message: string): void {
    this.#tell({ alert: "no-frames", session, state, message });
  }
}
