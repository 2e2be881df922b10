import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Young garbage is collected after so many received bytes, which takes a third of a millisecond. */
const COLLECT_AFTER_BYTES = 4 * 2 ** 20;

/**
 * Lets go of the memory that messages were received in. V8 sees small objects in front of it, leaves them until 64 MiB have come (which
 * it counts twice), and then collects the garbage of the whole thread: which is much of what the agent computes at a few large frames a second
 * (`npm run bench:agent`). Collecting the young objects alone frees the same memory at once.
 */
export class MessageMemory {
  #collectYoung: (() => void) | undefined;
  #bytes = 0;
  #collects = false;

  /** To be called once the parts of a message were copied. */
  copied(parts: readonly Uint8Array[]): void {
    for (const { byteLength } of parts) this.#bytes += byteLength;
    if (this.#bytes < COLLECT_AFTER_BYTES || this.#collects) return;
    this.#collects = true;
    // By then, nothing holds the last message either.
    setImmediate(() => {
      [this.#bytes, this.#collects] = [0, false];
      this.#collectYoung ??= youngCollector();
      this.#collectYoung();
    });
  }
}

/** V8 shows its collector only to what begins while this flag is set; without one, memory is freed later. */
function youngCollector(): () => void {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("globalThis.gc");
  setFlagsFromString("--no-expose-gc");
  return typeof collect === "function" ? () => void collect({ type: "minor" }) : () => undefined;
}
