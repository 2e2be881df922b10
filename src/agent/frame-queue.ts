import type { DropReason, FrameMessage } from "../protocol/messages.js";

/** What the queue needs to know of a frame. */
export interface Queued {
  readonly header: Pick<FrameMessage, "mode" | "session" | "stack">;
}

/** A frame that had to leave the queue unscored. */
export interface Dropped<T> {
  readonly item: T;
  readonly why: DropReason;
}

export interface QueueLimits {
  /** Most frames of all kinds. */
  readonly size: number;
  /** Most observed frames of one session. */
  readonly observePerController: number;
}

/**
 * The frames between arrival and scoring, bounded.
 *
 * Gated frames leave first, and the slices of a z-stack with them, in their order, because a gated frame closes the
 * stack. A session has one gated frame at most: a newer one means that its controller went on without the older. Of
 * other observed frames the newest stay. When all is full the oldest observed frame goes, then the oldest slice, and
 * only if there is neither, the arriving gated one.
 */
export class FrameQueue<T extends Queued> {
  readonly #limits: QueueLimits;
  /** Gated frames and slices of z-stacks. */
  readonly #gated: T[] = [];
  readonly #observed: T[] = [];
  readonly #takers: ((item: T | undefined) => void)[] = [];
  #isClosed: boolean = false;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  get length(): number {
    return this.#gated.length + this.#observed.length;
  }

  /** Adds a frame; returns those that had to leave for it, which may be the frame itself. */
  push(item: T): Dropped<T>[] {
    if (this.#isClosed) return [{ item, why: "shutdown" }];
    const taker = this.#takers.shift();
    if (taker !== undefined) {
      taker(item);
      return [];
    }
    if (item.header.mode === "gate") return this.#pushGated(item);
    return item.header.stack === undefined ? this.#pushObserved(item) : this.#pushSlice(item);
  }

  /** The next frame; waits for one. Undefined once the queue is closed and empty. */
  take(): Promise<T | undefined> {
    const item = this.#gated.shift() ?? this.#observed.shift();
    if (item !== undefined || this.#isClosed) return Promise.resolve(item);
    return new Promise((resolve) => void this.#takers.push(resolve));
  }

  /** Takes one frame out, wherever it is; false if it has left already. */
  remove(item: T): boolean {
    return [this.#gated, this.#observed].some((items) => {
      const index = items.indexOf(item);
      if (index >= 0) items.splice(index, 1);
      return index >= 0;
    });
  }

  /** Lets nothing in any more; what waits can still be taken. */
  close(): void {
    this.#isClosed = true;
    for (const taker of this.#takers.splice(0)) taker(undefined);
  }

  /** Takes out all frames. */
  clear(): T[] {
    return [...this.#gated.splice(0), ...this.#observed.splice(0)];
  }

  #pushGated(item: T): Dropped<T>[] {
    const dropped: Dropped<T>[] = [];
    const stale = this.#gated.findIndex(
      ({ header }) => header.mode === "gate" && header.session === item.header.session,
    );
    if (stale >= 0) dropped.push({ item: this.#gated.splice(stale, 1)[0]!, why: "superseded" });
    if (this.length >= this.#limits.size) {
      const oldest = this.#observed.shift() ?? this.#oldestSlice();
      if (oldest === undefined) return [...dropped, { item, why: "overload" }];
      dropped.push({ item: oldest, why: "overload" });
    }
    this.#gated.push(item);
    return dropped;
  }

  #pushSlice(item: T): Dropped<T>[] {
    const oldest = this.length >= this.#limits.size ? this.#observed.shift() : undefined;
    if (this.length >= this.#limits.size) return [{ item, why: "overload" }];
    this.#gated.push(item);
    return oldest === undefined ? [] : [{ item: oldest, why: "overload" }];
  }

  #oldestSlice(): T | undefined {
    const index = this.#gated.findIndex(({ header }) => header.mode === "observe");
    return index < 0 ? undefined : this.#gated.splice(index, 1)[0];
  }

  #pushObserved(item: T): Dropped<T>[] {
    const dropped: Dropped<T>[] = [];
    this.#observed.push(item);
    const own = this.#observed.filter((other) => other.header.session === item.header.session);
    if (own.length > this.#limits.observePerController) {
      this.remove(own[0]!);
      dropped.push({ item: own[0]!, why: "superseded" });
    }
    if (this.length > this.#limits.size) dropped.push({ item: this.#observed.shift()!, why: "overload" });
    return dropped;
  }
}
