import { statSync } from "node:fs";
import { join } from "node:path";
import { FrameReadError, isParfocalError, reasonOf } from "../errors.js";
import { zarrImages } from "../frames/zarr-images.js";
import type { EarlierPages } from "./earlier-files.js";
import { FollowedZarr, type FollowOptions, type FoundPlane } from "./followed-zarr.js";

/** Between two searches for images of a store, ms, and in times that the last search took. */
const SEARCH_MS = 300;
const SEARCH_SHARE = 20;
/** Some writers leave the metadata for the end; of a run that broke off before they never come. */
const NO_IMAGE =
  "its metadata of OME-Zarr (zarr.json or .zattrs) are missing, damaged or not written yet; its planes are judged once they are there";

/** What a look at a store has found. */
export interface FoundInStore {
  /** The image's group, from the store, with forward slashes; "" where the store is the image. */
  readonly image: string;
  readonly found: FoundPlane;
}

/** How far the images of an OME-Zarr have been followed. Its metadata say which there are; those may come one by one. */
export class FollowedStore {
  readonly #path: string;
  readonly #options: FollowOptions;
  readonly #images = new Map<string, FollowedZarr>();
  readonly #earlier: ReadonlyMap<string, EarlierPages>;
  /** Whether what is there at the first look is to be left alone. */
  #isBehind: boolean;
  /** Images that cannot be opened. */
  readonly #troubles = new Map<string, { readonly sinceMs: number; isTold: boolean }>();
  /** When it was begun, monotonic, ms. */
  readonly #begunMs: number;
  #nextSearchMs = Number.NEGATIVE_INFINITY;

  /** @param earlier by image: what an earlier run of the agent has recorded. */
  constructor(
    path: string,
    options: FollowOptions,
    earlier: ReadonlyMap<string, EarlierPages> = new Map(),
    isBehind: boolean = false,
  ) {
    this.#path = path;
    this.#options = options;
    this.#earlier = earlier;
    this.#isBehind = isBehind;
    const { clock } = options;
    const wallMs = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? clock.wallMs();
    this.#begunMs = clock.now() - Math.max(0, clock.wallMs() - wallMs);
  }

  /** Whether planes are there that may be given by and by, although nothing changes. */
  get isPending(): boolean {
    return [...this.#images.values()].some(({ isPending }) => isPending);
  }

  /** When it was last seen to change, monotonic, ms. */
  get changedMs(): number {
    return Math.max(this.#begunMs, ...[...this.#images.values()].map(({ changedMs }) => changedMs));
  }

  /** The planes that have become whole since the last look, image by image. */
  async *look(): AsyncGenerator<FoundInStore, void, undefined> {
    const missing = await this.#search();
    if (missing !== undefined) yield { image: "", found: { failure: missing } };
    for (const [image, followed] of this.#images) {
      try {
        for await (const found of followed.look()) yield { image, found };
        this.#troubles.delete(image);
      } catch (error) {
        const failure = this.#failureOf(image, error);
        if (failure !== undefined) yield { image, found: { failure } };
      }
    }
    this.#isBehind = false;
  }

  /** What is in the way, once it has been for so long that it is no metadata that are half written. */
  #failureOf(image: string, error: unknown): string | undefined {
    const now = this.#options.clock.now();
    const trouble = this.#troubles.get(image) ?? { sinceMs: now, isTold: false };
    this.#troubles.set(image, trouble);
    if (trouble.isTold || now - trouble.sinceMs < this.#options.giveUpMs) return undefined;
    trouble.isTold = true;
    return isParfocalError(error) ? error.message : `${join(this.#path, image)}: ${reasonOf(error)}`;
  }

  /** @returns what to say where no image has been found for so long that nobody seems to be about to write one. */
  async #search(): Promise<string | undefined> {
    const startedMs = this.#options.clock.now();
    if (startedMs < this.#nextSearchMs) return undefined;
    let missing: string | undefined;
    try {
      for await (const image of zarrImages(this.#path, () => undefined)) {
        if (this.#images.has(image)) continue;
        const path = join(this.#path, image);
        this.#images.set(
          image,
          new FollowedZarr(path, this.#options, this.#earlier.get(image), this.#isBehind),
        );
      }
    } catch {
      if (this.#images.size === 0) missing = this.#failureOf("", new FrameReadError(this.#path, NO_IMAGE));
    }
    const tookMs = this.#options.clock.now() - startedMs;
    this.#nextSearchMs = startedMs + Math.max(SEARCH_MS, SEARCH_SHARE * tookMs);
    return missing;
  }
}
