/** After a stop, longest time for sockets, threads and the log to let go before the process is ended, ms. */
const EXIT_WITHIN_MS = 2000;

/** Ends the process if nothing else does. */
export function endSoon(): void {
  setTimeout(() => process.exit(), EXIT_WITHIN_MS).unref();
}
