import type { Clock } from "./clock.js";

/**
 * Does something that can be called off, and calls it off when it takes too long or `signal` aborts. By hand: on Node 20,
 * `AbortSignal.any()` of an `AbortSignal.timeout()` never fires once garbage has been collected.
 * @param ms longest time.
 * @throws what `use` throws when its signal aborts: the reason of `signal`, or an Error that says that no answer came in time.
 */
export async function withinTime<T>(
  ms: number,
  signal: AbortSignal,
  clock: Clock,
  use: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const giveUp = new AbortController();
  const end = () => giveUp.abort(signal.reason);
  signal.addEventListener("abort", end);
  const cancel = clock.after(ms, () => giveUp.abort(new Error(`no answer within ${ms / 1000} s`)));
  try {
    return await use(giveUp.signal);
  } finally {
    cancel();
    signal.removeEventListener("abort", end);
  }
}
