import type { Frame } from "../frames/frame.js";
import type { DropReason, FrameMessage } from "../protocol/messages.js";

/** Pixels from which a frame is large; one of 2048 x 2048 is not. */
export const LARGE_PX = 2 ** 22;

/** What the queue needs to know of a frame. */
export interface Queued {
  readonly header: Pick<FrameMessage, "mode" | "session" | "stack">;
  readonly frame: Pick<Frame, "pixels">;
  /** Called when the queue no longer holds its pixels, or never did. */
  letGo?(): void;
}

/** Large frames take long to go through, with smaller ones scored in between, so each kind has its own takers. */
export type Lane = "small" | "large";

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
  /** Most bytes of pixels that wait or are in work. */
  readonly bytes: number;
}

/**
 * The frames between arrival and scoring, bounded.
 *
 * Gated frames leave first, and the slices of a z-stack with them, in their order, because a gated frame closes the
 * stack. A session has one gated frame at most: a newer one means that its controller went on without the older. Of
 * other observed frames the newest stay. When all is full, by number or by bytes, the oldest observed frame goes, then the
 * oldest slice, and only if there is neither, the arriving gated one.
 */
export class FrameQueue<T extends Queued> {
  readonly #limits: QueueLimits;
  /** Gated frames and slices of z-stacks. */
  readonly #gated: T[] = [];
  readonly #observed: T[] = [];
  readonly #takers: { readonly lane: Lane; readonly give: (item: T | undefined) => void }[] = [];
  #bytes = 0;
  #isClosed: boolean = false;

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  get length(): number {
    return this.#gated.length + this.#observed.length;
  }

  /** Bytes of pixels that wait or are in work. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds a frame; returns those that had to leave for it, which may be the frame itself. */
  push(item: T): Dropped<T>[] {
    if (this.#isClosed) return [refused(item, "shutdown")];
    const taker = this.#takers.findIndex(({ lane }) => lane === laneOf(item));
    // A taker waits, so nothing that it could take does; frames of the other lane may still fill the memory.
    if (taker >= 0 && this.#bytes + bytesOf(item) <= this.#limits.bytes) {
      this.#bytes += bytesOf(item);
      this.#takers.splice(taker, 1)[0]!.give(item);
      return [];
    }
    const dropped = this.#add(item);
    if (taker >= 0 && this.#withdraw(item)) this.#takers.splice(taker, 1)[0]!.give(item);
    return dropped;
  }

  /** The next frame of a lane; waits for one. Undefined once the queue is closed and holds none. `release` it when done. */
  take(lane: Lane): Promise<T | undefined> {
    for (const items of [this.#gated, this.#observed]) {
      const index = items.findIndex((item) => laneOf(item) === lane);
      if (index >= 0) return Promise.resolve(items.splice(index, 1)[0]);
    }
    if (this.#isClosed) return Promise.resolve(undefined);
    return new Promise((give) => void this.#takers.push({ lane, give }));
  }

  /** A frame that was taken is no longer held. */
  release(item: T): void {
    this.#bytes -= bytesOf(item);
    item.letGo?.();
  }

  /** Takes one frame out, wherever it is; false if it has left already. */
  remove(item: T): boolean {
    const isIn = this.#withdraw(item);
    if (isIn) this.release(item);
    return isIn;
  }

  /** Lets nothing in any more; what waits can still be taken. */
  close(): void {
    this.#isClosed = true;
    for (const { give } of this.#takers.splice(0)) give(undefined);
  }

  /** Takes out all frames. */
  clear(): T[] {
    const all = [...this.#gated, ...this.#observed];
    for (const item of all) this.remove(item);
    return all;
  }

  #add(item: T): Dropped<T>[] {
    const { mode, session, stack } = item.header;
    const dropped: Dropped<T>[] = [];
    if (mode === "gate") {
      const stale = this.#gated.find(({ header }) => header.mode === "gate" && header.session === session);
      if (stale !== undefined) dropped.push(this.#drop(stale, "superseded"));
    } else if (stack === undefined) {
      const own = this.#observed.filter(({ header }) => header.session === session);
      if (own.length >= this.#limits.observePerController) dropped.push(this.#drop(own[0]!, "superseded"));
    }
    // What would not fit beside the frames in work drives none out in vain.
    const waitingBytes = [...this.#gated, ...this.#observed].reduce((sum, other) => sum + bytesOf(other), 0);
    const canFit = this.#bytes - waitingBytes + bytesOf(item) <= this.#limits.bytes;
    while (canFit && !this.#hasRoomFor(item)) {
      const oldest = this.#observed[0] ?? (mode === "gate" ? this.#oldestSlice() : undefined);
      if (oldest === undefined) break;
      dropped.push(this.#drop(oldest, "overload"));
    }
    if (!this.#hasRoomFor(item)) return [...dropped, refused(item, "overload")];
    this.#bytes += bytesOf(item);
    (mode === "gate" || stack !== undefined ? this.#gated : this.#observed).push(item);
    return dropped;
  }

  #hasRoomFor(item: T): boolean {
    return this.length < this.#limits.size && this.#bytes + bytesOf(item) <= this.#limits.bytes;
  }

  #drop(item: T, why: DropReason): Dropped<T> {
    this.remove(item);
    return { item, why };
  }

  #withdraw(item: T): boolean {
    return [this.#gated, this.#observed].some((items) => {
      const index = items.indexOf(item);
      if (index >= 0) items.splice(index, 1);
      return index >= 0;
    });
  }

  #oldestSlice(): T | undefined {
    return this.#gated.find(({ header }) => header.mode === "observe");
  }
}

/** A frame that does not get in. */
function refused<T extends Queued>(item: T, why: DropReason): Dropped<T> {
  item.letGo?.();
  return { item, why };
}

function laneOf({ frame }: Queued): Lane {
  return frame.pixels.length > LARGE_PX ? "large" : "small";
}

function bytesOf({ frame }: Queued): number {
  return frame.pixels.byteLength;
}
