/**
 * Calls of a worker thread into native code that must not be cut short. A thread that is ended within one of libsql's (0.5.29, neon
 * 1.0.0) takes the process with it: "panicked at neon-1.0.0/src/sys/external.rs", then SIGABRT.
 * @module
 */
import { isMainThread, workerData } from "node:worker_threads";

const [FREE, INSIDE, ENDING] = [0, 1, 2] as const;
/** Longest time that the end of a thread waits for such a call, ms. */
const LONGEST_CALL_MS = 1000;

/** Where a thread says whether it is in such a call, and is told that it is about to be ended. */
export type NativeCalls = Int32Array;

export function noNativeCalls(): NativeCalls {
  return new Int32Array(new SharedArrayBuffer(4));
}

const own = isMainThread
  ? undefined
  : (workerData as { readonly nativeCalls?: NativeCalls } | null)?.nativeCalls;

/** Makes a call that is not cut short. Once the thread is about to be ended, it begins no other one. */
export function uncut<T>(call: () => T): T {
  if (own === undefined) return call();
  while (Atomics.compareExchange(own, 0, FREE, INSIDE) !== FREE) Atomics.wait(own, 0, ENDING);
  try {
    return call();
  } finally {
    Atomics.store(own, 0, FREE);
    Atomics.notify(own, 0);
  }
}

/** In the thread that ends another one: waits for the call that it is in. */
export function endNativeCalls(calls: NativeCalls): void {
  while (Atomics.compareExchange(calls, 0, FREE, ENDING) === INSIDE) {
    if (Atomics.wait(calls, 0, INSIDE, LONGEST_CALL_MS) === "timed-out") return;
  }
}
