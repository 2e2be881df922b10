import { existsSync } from "node:fs";
import { callInTime } from "../frames/page-reader.js";
import type { Clock } from "../protocol/clock.js";
import { WorkerThread } from "../worker-thread.js";
import type { EarlierPages } from "./earlier-files.js";
import { STILL_MS } from "./followed-file.js";
import type { FoundInStore } from "./followed-store.js";
import type { LookEnd, LookRequest } from "./zarr-follow-worker.js";

/** Between two looks at a store: while it changes, while it may go on, and where nobody seems to write any more, ms. */
const LOOK_MS = { busy: 40, paused: 200, over: 2000 } as const;
/** Since it changed, ms. */
const BUSY_MS = 2000;
const OVER_MS = 3_600_000;
/** A look that finds nothing takes this share of the time, but there is one so often while a store may go on, ms. */
const LOOK_SHARE = 1 / 10;
const SELDOM_MS = 200;

export interface ZarrStoresOptions extends Omit<LookRequest["options"], "clock"> {
  readonly clock: Clock;
  /** Reads again what is on record. */
  recall(): Promise<void>;
  /** What earlier runs of the agent have recorded of the images in a store, once. */
  earlierIn(store: string): ReadonlyMap<string, EarlierPages>;
  /** Told when a store is to be looked at. */
  due(store: string): void;
}

/** Follows OME-Zarrs while they are written, by looking at them again and again: nothing tells of a file in a thousand folders. */
export class ZarrStores {
  readonly #options: ZarrStoresOptions;
  /** By store: calls off the next look. */
  readonly #planned = new Map<string, () => void>();
  readonly #known = new Set<string>();
  readonly #behind = new Set<string>();
  /** How long the last look at a store that found nothing took, ms. */
  readonly #tookMs = new Map<string, number>();
  #thread: WorkerThread | undefined;

  constructor(options: ZarrStoresOptions) {
    this.#options = options;
  }

  /** Planes that a store has when it is first looked at are to be left alone. */
  leaveAlone(store: string): void {
    this.#behind.add(store);
  }

  /**
   * Looks at a store, and plans the next look.
   * @returns its new planes, one at a time.
   * @throws ParfocalError where reading took too long or the thread ended; the store is looked at again.
   */
  async *look(store: string): AsyncGenerator<FoundInStore, void, undefined> {
    const { clock, maxBytes, stableMs, giveUpMs } = this.#options;
    const startedMs = clock.now();
    let hasFound = false;
    let delayMs: number = LOOK_MS.over;
    try {
      const thread = await this.#running();
      const isFirst = !this.#known.has(store);
      this.#known.add(store);
      const request: LookRequest = {
        store,
        options: { maxBytes, stableMs, giveUpMs },
        ...(isFirst && { earlier: this.#options.earlierIn(store), isBehind: this.#behind.has(store) }),
      };
      await callInTime(thread, store, "look", request);
      for (;;) {
        const next = (await callInTime(thread, store, "next")) as FoundInStore | LookEnd;
        if ("restedMs" in next) {
          if (!hasFound) this.#tookMs.set(store, clock.now() - startedMs);
          delayMs = this.#delayAfter(store, next);
          return;
        }
        hasFound = true;
        yield next;
      }
    } finally {
      if (existsSync(store)) this.#plan(store, delayMs);
      else await this.#forget(store);
    }
  }

  /** Plans no more looks. */
  pause(): void {
    for (const cancel of this.#planned.values()) cancel();
    this.#planned.clear();
  }

  async stop(): Promise<void> {
    this.pause();
    await this.#thread?.stop();
  }

  #plan(store: string, delayMs: number): void {
    this.#planned.get(store)?.();
    this.#planned.set(
      store,
      this.#options.clock.after(delayMs, () => {
        this.#planned.delete(store);
        this.#options.due(store);
      }),
    );
  }

  async #forget(store: string): Promise<void> {
    this.#known.delete(store);
    this.#behind.delete(store);
    this.#tookMs.delete(store);
    await this.#thread?.call("forget", store).catch(() => undefined);
  }

  /** A thread that has ended knew which planes were given: the records say so, too. */
  async #running(): Promise<WorkerThread> {
    if (this.#thread?.hasEnded !== false) {
      if (this.#thread !== undefined) await this.#options.recall();
      this.#thread = new WorkerThread("zarr-follow-worker.js", import.meta.url);
      this.#known.clear();
    }
    return this.#thread;
  }

  #delayAfter(store: string, { isPending, restedMs }: LookEnd): number {
    const restMs = (this.#tookMs.get(store) ?? 0) / LOOK_SHARE;
    const atLeast = (ms: number) => Math.max(ms, Math.min(restMs, SELDOM_MS));
    if (isPending && restedMs < BUSY_MS) return atLeast(STILL_MS + 2);
    if (restedMs < BUSY_MS) return atLeast(LOOK_MS.busy);
    if (restedMs < OVER_MS) return atLeast(LOOK_MS.paused);
    // All that are over share the time.
    const allMs = [...this.#tookMs.values()].reduce((sum, ms) => sum + ms, 0);
    return Math.max(LOOK_MS.over, allMs / LOOK_SHARE);
  }
}
