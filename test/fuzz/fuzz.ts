import { writeFileSync } from "node:fs";
import fc from "fast-check";
import { mutated } from "./mutation.js";
import type { Target } from "./target.js";

/** Longest time for one input, ms. */
export const LONGEST_MS = 1000;
/** Most memory for one, bytes. */
const MOST_BYTES = 300 * 2 ** 20;

/** A peak that lies further above what the process has is forgotten: one input alone is to be judged. */
const FORGOTTEN_BYTES = 10 * 2 ** 20;

export interface FuzzOptions {
  readonly inputs: number;
  readonly seed: number;
  /** Ends after this time, ms, if not all inputs were taken before. */
  readonly mostMs?: number;
  /** Most memory over what there was before, bytes. */
  readonly mostBytes?: number;
  /** Told before each input, so that whoever watches knows which one never ends. */
  readonly onInput?: (input: Uint8Array) => void;
}

/**
 * Lets a target take so many inputs.
 * @throws an error with the smallest input that was found, where one makes it fail, takes too long or too much memory.
 */
export async function fuzz(target: Target, options: FuzzOptions): Promise<void> {
  const { inputs, seed, onInput, mostMs, mostBytes = MOST_BYTES } = options;
  const property = fc.asyncProperty(mutated(target.corpus), async (input) => {
    onInput?.(input);
    const beforeBytes = forgetPeak();
    const startMs = performance.now();
    const cpu = process.cpuUsage();
    await target.take(input);
    const tookMs = performance.now() - startMs;
    const { user, system } = process.cpuUsage(cpu);
    const peakBytes = peak() - beforeBytes;
    if (peakBytes > mostBytes) throw new Error(`takes ${Math.round(peakBytes / 2 ** 20)} MiB`);
    // Other programs may have had the cores meanwhile.
    if (Math.min(tookMs, (user + system) / 1000) > LONGEST_MS)
      throw new Error(`takes ${tookMs.toFixed(0)} ms`);
  });
  const found = await fc.check(property, {
    ...{ numRuns: inputs, seed },
    ...(mostMs !== undefined && { interruptAfterTimeLimit: mostMs }),
  });
  if (!found.failed) return;
  const [input] = found.counterexample as [Uint8Array];
  const error = found.errorInstance;
  const says = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const what = Buffer.from(input).toString("base64");
  throw new Error(`${target.name}, seed ${found.seed}, after ${found.numRuns} inputs: ${says}\n${what}`, {
    cause: error,
  });
}

/** Begins anew to note the most memory that the process has had, where that is needed; gives what it has. */
function forgetPeak(): number {
  const now = process.memoryUsage.rss();
  if (process.platform === "linux" && peak() > now + FORGOTTEN_BYTES)
    writeFileSync("/proc/self/clear_refs", "5");
  return now;
}

/** Elsewhere than on Linux it never goes down, so that what takes more than all before it is found. */
function peak(): number {
  return 1024 * process.resourceUsage().maxRSS;
}
