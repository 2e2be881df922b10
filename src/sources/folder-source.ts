import { stat } from "node:fs/promises";
import { dirname, relative, resolve, sep } from "node:path";
import { type FSWatcher, watch } from "chokidar";
import type { FolderSourceConfig } from "../config/schema.js";
import { FrameReadError, reasonOf } from "../errors.js";
import { channelNamesBeside } from "../frames/channel-names.js";
import { errorCode } from "../frames/file-reasons.js";
import { isPassedOver } from "../frames/find-images.js";
import { namePattern } from "../frames/name-groups.js";
import { PageReader } from "../frames/page-reader.js";
import { BoundedMap } from "../protocol/bounded-map.js";
import { folderSession, headerOf } from "./file-header.js";
import { FileSites } from "./file-sites.js";
import { globMatcher } from "./glob.js";
import type { FrameSource, SourceContext, SourceHandler } from "./source.js";

/** Files whose state is remembered so that they are not read again. */
const MAX_FILES = 200_000;
/** Folders whose channel names are remembered: one a position. */
const MAX_FOLDERS = 10_000;

/** How far one file has come. */
interface FileState {
  /** Size and time of the last reading that was complete or given up. */
  done: string | undefined;
  /** Pages that were handed on in the reading that is under way. */
  pages: number;
  /** Since when it stands still and cannot be read, monotonic, ms. */
  failingSinceMs: number | undefined;
  failingSignature: string | undefined;
}

/** Frames from image files that appear or change in a folder. They are observed, never gated. */
export class FolderSource implements FrameSource {
  readonly #config: FolderSourceConfig;
  readonly #context: SourceContext;
  readonly #root: string;
  readonly #states = new BoundedMap<string, FileState>(MAX_FILES);
  /** By folder: the names of the channels. */
  readonly #channels = new BoundedMap<string, readonly string[]>(MAX_FOLDERS);
  /** Files to read, in the order they were completed. */
  readonly #todo = new Set<string>();
  readonly #stopping = new AbortController();
  readonly #reader = new PageReader();
  readonly #sites: FileSites;
  #watcher: FSWatcher | undefined;
  #handler: SourceHandler | undefined;
  #reading: Promise<void> | undefined;
  #sequence = 0;

  constructor(config: FolderSourceConfig, context: SourceContext) {
    this.#config = config;
    this.#context = context;
    this.#root = resolve(config.path ?? ".");
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
    const matches = globMatcher(this.#config.pattern);
    const watcher = watch(this.#root, {
      ignoreInitial: this.#config.existing === "ignore",
      usePolling: this.#config.polling,
      interval: this.#config.pollMs,
      awaitWriteFinish: {
        stabilityThreshold: this.#config.stableMs,
        pollInterval: Math.min(100, this.#config.stableMs),
      },
      // As in a search: a link to a parent would give every image again and again.
      followSymlinks: false,
      ignored: (path, stats) => {
        const name = this.#relative(path);
        return isPassedOver(name) || (stats?.isFile() === true && !matches(name));
      },
    });
    this.#watcher = watcher;
    watcher.on("add", (path) => this.#enqueue(path));
    watcher.on("change", (path) => this.#enqueue(path));
    watcher.on("error", (error) => {
      this.#context.log.error({ folder: this.#root, reason: reasonOf(error) }, "Watching the folder failed");
    });
    await new Promise<void>((resolveReady) => void watcher.once("ready", resolveReady));
    signal.throwIfAborted();
    return this.#root;
  }

  async pause(): Promise<void> {
    this.#todo.clear();
    this.#stopping.abort();
    await this.#watcher?.close();
  }

  async stop(): Promise<void> {
    await this.pause();
    await this.#reader.stop();
    await this.#reading;
  }

  #relative(path: string): string {
    return relative(this.#root, path).split(sep).join("/");
  }

  #enqueue(path: string): void {
    if (this.#stopping.signal.aborted) return;
    this.#todo.add(path);
    this.#reading ??= this.#readAll().finally(() => {
      this.#reading = undefined;
    });
  }

  async #readAll(): Promise<void> {
    for (const path of this.#todo) {
      this.#todo.delete(path);
      await this.#readOne(path);
    }
  }

  async #readOne(path: string): Promise<void> {
    const state = this.#states.get(path) ?? {
      done: undefined,
      pages: 0,
      failingSinceMs: undefined,
      failingSignature: undefined,
    };
    this.#states.set(path, state);
    let signature: string | undefined;
    try {
      signature = signatureOf(await stat(path));
      if (signature === state.done) return;
      // What is read may be newer than what was looked at.
      signature = signatureOf(await this.#reader.open(path, this.#config.maxFileMib * 2 ** 20));
      await this.#offerPages(path, signature, state);
      this.#finish(state, signature);
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      this.#failed(path, signature, state, error);
    }
  }

  async #offerPages(path: string, signature: string, state: FileState): Promise<void> {
    const { signal } = this.#stopping;
    const channelNames = await this.#channelNames(path);
    for await (const page of this.#reader.pages(path, signal)) {
      if (page.page < state.pages) continue;
      const relativePath = this.#relative(path);
      const header = headerOf(
        {
          ...page,
          relativePath,
          signature,
          session: folderSession(this.#root),
          sequence: this.#sequence++,
        },
        this.#sites.frameOf({ ...page, path: relativePath, channelNames }),
      );
      // One frame at a time: the queue never has to drop one, and the folder is the buffer.
      await this.#handler?.frame({
        source: "folder",
        header,
        frame: page.frame,
        receivedMs: this.#context.clock.now(),
        answer: () => undefined,
      });
      state.pages = page.page + 1;
      if (signal.aborted) return;
    }
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
  #failed(path: string, signature: string | undefined, state: FileState, error: unknown): void {
    const now = this.#context.clock.now();
    if (state.failingSinceMs === undefined || state.failingSignature !== signature) {
      state.failingSinceMs = now;
      state.failingSignature = signature;
    }
    const isGone = signature === undefined && errorCode(error) === "ENOENT";
    if (!isGone && now - state.failingSinceMs < this.#config.giveUpMs) {
      this.#context.clock.after(this.#config.stableMs, () => this.#enqueue(path));
      return;
    }
    this.#finish(state, signature);
    const message = isGone ? `${path}: was removed before it could be read` : reasonOf(error);
    this.#handler?.problem("folder", { v: 1, type: "error", code: "unreadable", message }, path);
  }

  #finish(state: FileState, signature: string | undefined): void {
    state.done = signature;
    state.pages = 0;
    state.failingSinceMs = undefined;
    state.failingSignature = undefined;
  }
}

function signatureOf({ size, mtimeMs }: { readonly size: number; readonly mtimeMs: number }): string {
  return `${size}-${Math.floor(mtimeMs)}`;
}
