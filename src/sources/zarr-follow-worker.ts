/**
 * Worker thread that looks for new planes in OME-Zarrs that are being written, and reads them.
 * @module
 */
import { systemClock } from "../protocol/clock.js";
import { HandedOver, serveCalls } from "../serve-calls.js";
import type { EarlierPages } from "./earlier-files.js";
import { FollowedStore, type FoundInStore } from "./followed-store.js";
import type { FollowOptions } from "./followed-zarr.js";

/** What `look` takes. */
export interface LookRequest {
  readonly store: string;
  readonly options: Omit<FollowOptions, "clock">;
  /** By image; for the first look at a store. */
  readonly earlier?: ReadonlyMap<string, EarlierPages> | undefined;
  readonly isBehind?: boolean;
}

/** How a look ends. */
export interface LookEnd {
  readonly isPending: boolean;
  /** How long ago the store was last seen to change, ms. */
  readonly restedMs: number;
}

const stores = new Map<string, FollowedStore>();
let store: FollowedStore | undefined;
let planes: AsyncGenerator<FoundInStore, void, undefined> | undefined;

serveCalls(
  {
    /** Begins a look at a store. */
    look({ store: path, options, earlier, isBehind }: LookRequest): void {
      store =
        stores.get(path) ?? new FollowedStore(path, { ...options, clock: systemClock }, earlier, isBehind);
      stores.set(path, store);
      planes = store.look();
    },

    /** The next plane, handed over; how the look ends after the last. */
    async next(): Promise<HandedOver | FoundInStore | LookEnd> {
      const next = await planes?.next();
      if (next === undefined || next.done === true) {
        return {
          isPending: store?.isPending ?? false,
          restedMs: systemClock.now() - (store?.changedMs ?? 0),
        };
      }
      const { found } = next.value;
      return "failure" in found
        ? next.value
        : new HandedOver(next.value, [found.frame.pixels.buffer as ArrayBuffer]);
    },

    /** Forgets a store that is gone. */
    forget(path: string): void {
      stores.delete(path);
    },
  },
  { inOrder: true },
);
