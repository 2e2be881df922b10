import { performance } from "node:perf_hooks";

/** Time, handed in so that tests can hold it. */
export interface Clock {
  /** Monotonic, ms; for durations and deadlines. */
  now(): number;
  /** Wall clock, ms since 1970 UTC; for records. */
  wallMs(): number;
  /** Calls `callback` once after `delayMs`; the returned function calls it off. */
  after(delayMs: number, callback: () => void): () => void;
}

/** Resolves after so many ms. */
export function passed(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => void clock.after(ms, resolve));
}

/** Node takes a longer time for 1 ms. */
const MOST_TIMER_MS = 2 ** 31 - 1;

/** The machine's time. Pending calls do not keep the process alive. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallMs: () => Date.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, Math.min(delayMs, MOST_TIMER_MS));
    timer.unref();
    return () => clearTimeout(timer);
  },
};
