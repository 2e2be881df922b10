import { readlinkSync } from "node:fs";
import { getPriority, setPriority } from "node:os";
import { basename } from "node:path";

/** How far a thread that computes stands back, as `nice` counts: it gets a third of a core that others want as well. */
const NICE = 5;

/** The lowest priority there is. */
const LAST = 19;

/**
 * Lets others go before the thread that calls, and before the threads that it starts: the one that answers, and the program that
 * drives the microscope. Linux alone gives threads priorities of their own; elsewhere this does nothing.
 */
export function giveWay(): void {
  if (process.platform !== "linux") return;
  try {
    const thread = Number(basename(readlinkSync("/proc/thread-self")));
    setPriority(thread, Math.min(LAST, getPriority(thread) + NICE));
  } catch {
    // Without /proc, or where it is not allowed, all threads stay equal.
  }
}
