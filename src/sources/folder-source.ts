import { stat } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { type FSWatcher, watch } from "chokidar";
import type { FolderSourceConfig } from "../config/schema.js";
import { FrameReadError, reasonOf } from "../errors.js";
import { channelNamesBeside } from "../frames/channel-names.js";
import { errorCode } from "../frames/file-reasons.js";
import { namePattern } from "../frames/name-groups.js";
import { PageReader } from "../frames/page-reader.js";
import { isPassedOver } from "../frames/walk-images.js";
import { hasZarrName } from "../frames/zarr-groups.js";
import { BoundedMap } from "../protocol/bounded-map.js";
import { earlierPageOf, folderSession, headerOf } from "./file-header.js";
import { FileSites } from "./file-sites.js";
import { FolderListings } from "./folder-listings.js";
import {
  EarlierFiles,
  type FileStats,
  FollowedFile,
  type Rest,
  type SeenPage,
  STILL_MS,
  signatureOf,
} from "./followed-file.js";
import { globMatcher } from "./glob.js";
import type { FrameSource, SourceContext, SourceHandler } from "./source.js";

/** Files whose state is remembered so that they are not read again. */
const MAX_FILES = 200_000;
/** When the files of a new folder are listed again, in times that a file has to rest. */
const LISTINGS = [1, 5];
/** Of file systems that are polled: two changes within it look like one, ms. */
const COARSEST_CLOCK_MS = 2000;
/** When a file is looked at for the second time; then, where it is not complete, after twice as long each time, ms. */
const FIRST_LOOK_MS = STILL_MS + 2;
/** Folders whose channel names are remembered: one a position. */
const MAX_FOLDERS = 10_000;

/** Frames from image files that appear, grow or change in a folder. They are observed, never gated. */
export class FolderSource implements FrameSource {
  readonly #config: FolderSourceConfig;
  readonly #context: SourceContext;
  readonly #root: string;
  readonly #files = new BoundedMap<string, FollowedFile>(MAX_FILES);
  readonly #earlier = new EarlierFiles();
  /** By folder: the names of the channels. */
  readonly #channels = new BoundedMap<string, readonly string[]>(MAX_FOLDERS);
  /** Files to read, in the order they were completed. */
  readonly #todo = new Set<string>();
  readonly #stopping = new AbortController();
  readonly #reader = new PageReader();
  readonly #sites: FileSites;
  readonly #listings: FolderListings;
  /** Files that were there at the start and are to be left alone. */
  readonly #ignored = new Set<string>();
  readonly #matches: (name: string) => boolean;
  #watcher: FSWatcher | undefined;
  /** Whether all files that were there at the start have been met. */
  #isReady: boolean = false;
  #isToldOfZarr: boolean = false;
  #handler: SourceHandler | undefined;
  /** Resolves when what earlier runs have recorded is known. */
  #recalled: Promise<void> | undefined;
  #reading: Promise<void> | undefined;
  #sequence = 0;

  constructor(config: FolderSourceConfig, context: SourceContext) {
    this.#config = config;
    this.#context = context;
    this.#root = resolve(config.path ?? ".");
    this.#matches = globMatcher(config.pattern);
    this.#listings = new FolderListings(context.clock, (path) => {
      if (this.#isWanted(path) && !this.#ignored.has(path)) this.#enqueue(path);
    });
    this.#sites = new FileSites({
      pattern: config.namePattern === undefined ? undefined : namePattern(config.namePattern),
      plateWells: config.plateWells,
      say: (sentence) => context.log.warn({ folder: this.#root }, sentence),
    });
  }

  async start(handler: SourceHandler, signal: AbortSignal): Promise<string> {
    this.#handler = handler;
    const isFolder = await stat(this.#root).then(
      (stats) => stats.isDirectory(),
      () => false,
    );
    if (!isFolder) {
      throw new FrameReadError(this.#root, "is not a folder; create it or set sources.folder.path");
    }
    this.#recalled = this.#recall();
    const watcher = watch(this.#root, {
      ignoreInitial: this.#config.existing === "ignore",
      usePolling: this.#config.polling,
      interval: this.#config.pollMs,
      // As in a search: a link to a parent would give every image again and again.
      followSymlinks: false,
      ignored: (path, stats) => {
        const name = this.#relative(path);
        if (hasZarrName(name)) this.#saysNotFollowed(name);
        return isPassedOver(name) || hasZarrName(name) || (stats?.isFile() === true && !this.#matches(name));
      },
    });
    this.#watcher = watcher;
    watcher.on("add", (path) => {
      if (!this.#isReady) this.#followed(path).restingSince = "its time";
      if (this.#isReady && this.#config.polling) this.#planListings(dirname(path));
      this.#enqueue(path);
    });
    watcher.on("addDir", (path) => {
      if (this.#isReady) this.#planListings(path);
    });
    watcher.on("change", (path) => this.#enqueue(path));
    watcher.on("error", (error) => {
      this.#context.log.error({ folder: this.#root, reason: reasonOf(error) }, "Watching the folder failed");
    });
    await new Promise<void>((resolveReady) => void watcher.once("ready", resolveReady));
    this.#isReady = true;
    for (const [folder, names] of Object.entries(watcher.getWatched())) {
      if (this.#relative(folder).startsWith("..")) continue;
      if (this.#config.existing === "ignore") for (const name of names) this.#ignored.add(join(folder, name));
      this.#planListings(folder);
    }
    signal.throwIfAborted();
    return this.#root;
  }

  async pause(): Promise<void> {
    this.#todo.clear();
    this.#stopping.abort();
    this.#listings.stop();
    await this.#watcher?.close();
  }

  async stop(): Promise<void> {
    await this.pause();
    await this.#reader.stop();
    await this.#reading;
  }

  /** Lists a folder again; where a listing misses something, too, by a coarse clock. */
  #planListings(folder: string): void {
    const rests = LISTINGS.map((times) => times * this.#config.stableMs);
    this.#listings.plan(folder, this.#config.polling ? [...rests, COARSEST_CLOCK_MS + rests.at(-1)!] : rests);
  }

  #saysNotFollowed(store: string): void {
    if (this.#isToldOfZarr) return;
    this.#isToldOfZarr = true;
    this.#context.log.warn(
      { store },
      "OME-Zarr is not followed while it is written; score it when it is finished",
    );
  }

  #isWanted(path: string): boolean {
    const name = this.#relative(path);
    return !isPassedOver(name) && this.#matches(name);
  }

  #relative(path: string): string {
    return relative(this.#root, path).split(sep).join("/");
  }

  /** Finds out which pages earlier runs in the same results folder have given. */
  async #recall(): Promise<void> {
    const session = folderSession(this.#root);
    try {
      for await (const frame of this.#context.earlier?.(session) ?? []) {
        const page = earlierPageOf(frame);
        if (page !== undefined) this.#earlier.add(page.file, page);
      }
    } catch (error) {
      this.#context.log.warn({ reason: reasonOf(error) }, "Earlier results of the folder could not be read");
    }
  }

  #enqueue(path: string): void {
    if (this.#stopping.signal.aborted) return;
    this.#todo.add(path);
    this.#reading ??= this.#readAll().finally(() => {
      this.#reading = undefined;
    });
  }

  async #readAll(): Promise<void> {
    await this.#recalled;
    while (this.#todo.size > 0) {
      for (const path of this.#todo) {
        this.#todo.delete(path);
        await this.#readOne(path);
      }
      // Files may come in meanwhile.
      await this.#reader.close();
    }
  }

  #followed(path: string): FollowedFile {
    const known = this.#files.get(path);
    if (known !== undefined) return known;
    const file = new FollowedFile();
    const earlier = this.#earlier.take(this.#relative(path));
    if (earlier !== undefined) file.restore(earlier);
    this.#files.set(path, file);
    return file;
  }

  async #readOne(path: string): Promise<void> {
    const file = this.#followed(path);
    let stats: FileStats | undefined;
    try {
      stats = await stat(path);
      if (signatureOf(stats) === file.done) return;
      if (!file.hasPages && !this.#restOf(file, stats).isStill) {
        this.#lookAgain(path, file, FIRST_LOOK_MS);
        return;
      }
      const { maxFileMib, colour } = this.#config;
      // What is read may be newer than what was looked at.
      stats = await this.#reader.open({ path, colour, maxBytes: maxFileMib * 2 ** 20, look: true });
      const rest = this.#restOf(file, stats);
      const channelNames = await this.#channelNames(path);
      const isPending = await file.pass(
        path,
        this.#reader,
        rest,
        {
          give: (page) => this.#give(path, page, channelNames),
          failed: (reason) => this.#problem(reason, path),
        },
        this.#stopping.signal,
      );
      if (isPending || !rest.isQuiet) this.#lookAgain(path, file);
      else file.done = file.signature;
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      const rest = stats === undefined ? undefined : this.#restOf(file, stats);
      this.#failed(path, file, rest, error);
    }
  }

  #restOf(file: FollowedFile, stats: FileStats): Rest {
    return file.restAt(stats, this.#context.clock, this.#config);
  }

  /** Soon after it has changed: most images are written in one go. Later and later while it does not. */
  #lookAgain(path: string, file: FollowedFile, wantedMs?: number): void {
    const { signature, nextLook } = file;
    const isAsBefore = nextLook !== undefined && nextLook.signature === signature;
    const laterMs = wantedMs ?? (isAsBefore ? 2 * nextLook.delayMs : FIRST_LOOK_MS);
    const delayMs = Math.min(this.#config.stableMs, laterMs);
    nextLook?.cancel();
    const cancel = this.#context.clock.after(delayMs, () => this.#enqueue(path));
    file.nextLook = { delayMs, cancel, ...(signature !== undefined && { signature }) };
  }

  async #give(path: string, page: SeenPage, channelNames: readonly string[]): Promise<void> {
    const relativePath = this.#relative(path);
    const header = headerOf(
      { ...page, relativePath, session: folderSession(this.#root), sequence: this.#sequence++ },
      this.#sites.frameOf({ ...page, path: relativePath, channelNames }),
    );
    // One frame at a time: the queue never has to drop one, and the folder is the buffer.
    await this.#handler?.frame({
      source: "folder",
      controller: `folder ${basename(this.#root)}`,
      header,
      frame: page.frame,
      receivedMs: this.#context.clock.now(),
      answer: () => undefined,
    });
  }

  /** Looked for until they are there, then once a folder. */
  async #channelNames(path: string): Promise<readonly string[]> {
    const folder = dirname(path);
    const known = this.#channels.get(folder);
    if (known !== undefined) return known;
    const names = await channelNamesBeside(path);
    if (names.length > 0) this.#channels.set(folder, names);
    return names;
  }

  /** A file that cannot be read may still be being written: it gets more time before that is an error. */
  #failed(path: string, file: FollowedFile, rest: Rest | undefined, error: unknown): void {
    const isGone = errorCode(error) === "ENOENT";
    if (!isGone && rest?.isSettled === false) {
      this.#lookAgain(path, file);
      return;
    }
    file.done = file.signature;
    // A stack that only pauses ends as one that was cut off does.
    if (file.hasPages)
      this.#context.log.warn({ reason: reasonOf(error) }, "The end of a file cannot be read");
    else this.#problem(isGone ? `${path}: was removed before it could be read` : reasonOf(error), path);
  }

  #problem(message: string, path: string): void {
    this.#handler?.problem("folder", { v: 1, type: "error", code: "unreadable", message }, path);
  }
}
