import { statSync } from "node:fs";
import { join } from "node:path";
import { seenIn } from "../frames/pixels-seen.js";
import { type ChunkBlock, isChanged, ZarrChunkFiles } from "../frames/zarr-chunk-files.js";
import { openZarrImage, type ZarrImage } from "../frames/zarr-image.js";
import { readZarrMetadata } from "../frames/zarr-metadata.js";
import { NotStored, Unfinished } from "../frames/zarr-store.js";
import type { Clock } from "../protocol/clock.js";
import type { EarlierPages } from "./earlier-files.js";
import { STILL_MS } from "./followed-file.js";
import type { SeenPage } from "./followed-page.js";

/** Chunks are files of their own. */
const ALL_THERE = {
  isReadToItsEnd: () => true,
  isLacking: () => false,
  isUndescribed: () => false,
  hasRoom: () => false,
};

/** What is looked for in an image of an OME-Zarr that is being written. */
export interface FollowOptions {
  readonly clock: Clock;
  readonly maxBytes?: number | undefined;
  readonly stableMs: number;
  readonly giveUpMs: number;
}

/** A plane that is whole, or a reason why one will never be read. */
export type FoundPlane = SeenPage | { readonly failure: string };

/** What is known of a block of planes. */
interface KnownBlock {
  signature: string;
  changedMs: number;
  /** With this signature nothing more is to be had from it. */
  read?: string;
}

/**
 * How far the planes of one image of an OME-Zarr have been given. Each plane is given once, when all of its chunks are there and
 * have stood still; a plane of nothing but the fill value is none: nobody has written it yet. Where the array is another one than
 * before, all of its planes are new.
 */
export class FollowedZarr {
  readonly #path: string;
  readonly #options: FollowOptions;
  /** Folder of the array. */
  #array: string | undefined;
  #files: ZarrChunkFiles | undefined;
  /** What tells the array's folder, and its metadata, from others that take their place. */
  #identity: string | undefined;
  #metadata: string | undefined;
  #given = new Set<number>();
  readonly #failed = new Set<number>();
  readonly #blocks = new Map<string, KnownBlock>();
  #earlier: EarlierPages | undefined;
  /** Whether planes that are there already are to be left alone. */
  #isBehind: boolean;
  #isFirstLook: boolean = true;
  #changedMs = Number.NEGATIVE_INFINITY;
  /** Whether something is there that may be given by and by, although nothing changes. */
  isPending: boolean = false;

  /**
   * @param path of the image's group.
   * @param earlier what an earlier run of the agent has recorded of it.
   * @param isBehind whether planes that are there at the first look are to be left alone.
   */
  constructor(path: string, options: FollowOptions, earlier: EarlierPages | undefined, isBehind: boolean) {
    this.#path = path;
    this.#options = options;
    this.#earlier = earlier;
    this.#isBehind = isBehind;
  }

  /** When it was last seen to change, monotonic, ms. */
  get changedMs(): number {
    return this.#changedMs;
  }

  /**
   * The planes that have become whole since the last look.
   * @throws Error where the metadata are damaged, or not whole yet.
   */
  async *look(): AsyncGenerator<FoundPlane, void, undefined> {
    this.isPending = false;
    const files = await this.#findArray();
    const ready = files?.blocks().filter((block) => this.#isReady(block)) ?? [];
    this.#isFirstLook = false;
    if (files !== undefined && ready.length > 0) {
      const image = await openZarrImage(this.#path, this.#options.maxBytes, true);
      if (this.#earlier !== undefined) await this.#recall(image, this.#earlier);
      for (const block of ready) yield* this.#read(files, block, image);
    }
    this.#isBehind = false;
  }

  async #findArray(): Promise<ZarrChunkFiles | undefined> {
    this.#array ??= await this.#arrayFolder();
    const array = this.#array;
    const stats = statSync(array, { throwIfNoEntry: false });
    const identity = stats === undefined ? undefined : `${stats.dev}-${stats.ino}-${stats.birthtimeMs}`;
    if (this.#identity !== undefined && this.#identity !== identity) this.#forget();
    this.#identity = identity;
    const metadata = metadataStamp(array);
    if (metadata === undefined || metadata === this.#metadata) return this.#files;
    const files = ZarrChunkFiles.open(array);
    if (files === undefined) return this.#files;
    this.#metadata = metadata;
    // What is done stays so in an array that grows.
    if (this.#files?.growsTo(files) !== true) {
      this.#files = files;
      this.#blocks.clear();
    }
    return this.#files;
  }

  async #arrayFolder(): Promise<string> {
    const { array, axes } = await readZarrMetadata(this.#path);
    if (axes.slice(-2).join() !== "y,x") throw new Error("rows and columns are not its last axes");
    return array;
  }

  #isReady(block: ChunkBlock): boolean {
    const { clock, giveUpMs } = this.#options;
    const now = clock.now();
    const known = this.#blocks.get(block.key);
    if (known?.signature !== block.signature) {
      // What is there at the start may have been so for days.
      const ageMs = this.#isFirstLook ? Math.max(0, clock.wallMs() - block.mtimeMs) : 0;
      const changedMs = now - ageMs;
      this.#changedMs = Math.max(this.#changedMs, changedMs);
      this.#blocks.set(block.key, {
        signature: block.signature,
        changedMs,
        ...(known?.read !== undefined && { read: known.read }),
      });
    }
    const { changedMs, read } = this.#blocks.get(block.key)!;
    if (read === block.signature) return false;
    // Of a plane that is partly there, the rest may come; a chunk of the fill value may never.
    const isReady = now - changedMs >= STILL_MS && (block.isComplete || now - this.#changedMs >= giveUpMs);
    if (!isReady) this.isPending = true;
    return isReady;
  }

  async *#read(
    files: ZarrChunkFiles,
    block: ChunkBlock,
    image: ZarrImage,
  ): AsyncGenerator<FoundPlane, void, undefined> {
    const known = this.#blocks.get(block.key)!;
    const restedMs = this.#options.clock.now() - known.changedMs;
    let isLeft = false;
    let mayComeYet = false;
    for (const page of block.pages) {
      if (this.#given.has(page)) continue;
      if (this.#isBehind && block.pages.length === 1) {
        this.#given.add(page);
        continue;
      }
      const found = await this.#planeAt(page, image, restedMs);
      if (found === "later") mayComeYet = true;
      if (typeof found === "string") {
        isLeft = true;
        continue;
      }
      // What was read may be half of what was and half of what is.
      if (isChanged(block)) {
        mayComeYet = true;
        isLeft = true;
        break;
      }
      if ("failure" in found) this.#failed.add(page);
      else this.#given.add(page);
      if (!this.#isBehind) yield found;
      if ("failure" in found) isLeft = true;
    }
    if (mayComeYet) this.isPending = true;
    else known.read = block.signature;
    if (isLeft) return;
    files.done(block);
    this.#blocks.delete(block.key);
  }

  /** The plane; "unwritten" where it is not there, "later" where it may be whole by and by. */
  async #planeAt(
    page: number,
    image: ZarrImage,
    restedMs: number,
  ): Promise<FoundPlane | "unwritten" | "later"> {
    const read = await image.page(page);
    if ("error" in read) {
      const { cause } = read.error;
      if (cause instanceof NotStored || cause instanceof Unfinished) return "unwritten";
      if (restedMs < this.#options.giveUpMs) return "later";
      return this.#failed.has(page) ? "unwritten" : { failure: read.error.message };
    }
    const { isFill, frame, metadata } = read;
    if (isFill) return "unwritten";
    const seen = seenIn(frame, ALL_THERE);
    if (!seen.isWhole && restedMs < this.#options.stableMs) return "later";
    return { page, frame, metadata, seen };
  }

  /** Goes on from what is on record, where the last plane of it, or the first one, is still the same. */
  async #recall(image: ZarrImage, { first, last, given }: EarlierPages): Promise<void> {
    this.#earlier = undefined;
    for (const { page, digest } of [last, first]) {
      const read = page < image.count ? await image.page(page) : undefined;
      if (read === undefined || "error" in read || seenIn(read.frame, ALL_THERE).digest !== digest) continue;
      this.#given = new Set(given);
      return;
    }
  }

  #forget(): void {
    this.#earlier = undefined;
    this.#files = undefined;
    this.#array = undefined;
    this.#metadata = undefined;
    this.#given.clear();
    this.#failed.clear();
    this.#blocks.clear();
  }
}

function metadataStamp(array: string): string | undefined {
  for (const name of ["zarr.json", ".zarray"]) {
    const stats = statSync(join(array, name), { throwIfNoEntry: false });
    if (stats !== undefined) return `${stats.ino}-${stats.size}-${stats.mtimeMs}`;
  }
  return undefined;
}
