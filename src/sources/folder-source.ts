import { stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import type { FolderSourceConfig } from "../config/sources.js";
import { FrameReadError, reasonOf } from "../errors.js";
import { ChannelNames } from "../frames/channel-names.js";
import { errorCode, fileReason } from "../frames/file-reasons.js";
import { affordableBytes } from "../frames/image-limit.js";
import { namePattern } from "../frames/name-groups.js";
import { PageReader } from "../frames/page-reader.js";
import { UnreadFiles } from "../frames/unread-files.js";
import { BoundedMap } from "../protocol/bounded-map.js";
import { EarlierFiles } from "./earlier-files.js";
import { folderSession, headerOf } from "./file-header.js";
import { FileSites } from "./file-sites.js";
import { FolderWatch } from "./folder-watch.js";
import { FIRST_LOOK_MS, type FileStats, FollowedFile, type Rest, signatureOf } from "./followed-file.js";
import type { SeenPage } from "./followed-page.js";
import { ReadingOrder } from "./reading-order.js";
import type { FrameSource, SourceContext, SourceHandler } from "./source.js";
import { ZarrStores } from "./zarr-stores.js";

/** Files whose state is remembered so that they are not read again. */
const MAX_FILES = 200_000;
/** What has not changed for so long, a copy of an earlier plate for example, waits for what is acquired now, ms. */
const OLD_MS = 60_000;
/** So long the pages of one file are given in a row while others wait, ms. */
const ROW_MS = 200;
/** A file from this size on that has been given whole is not read again to see whether it has changed: its size and time must do. */
const LARGE_BYTES = 32 * 2 ** 20;

/** Frames from image files, and from OME-Zarrs, that appear, grow or change in a folder. They are observed, never gated. */
export class FolderSource implements FrameSource {
  readonly #config: FolderSourceConfig;
  readonly #context: SourceContext;
  readonly #root: string;
  /** Most bytes of the pixels of one image. */
  readonly #maxBytes: number;
  readonly #files = new BoundedMap<string, FollowedFile>(MAX_FILES);
  readonly #earlier = new EarlierFiles();
  readonly #channels = new ChannelNames();
  readonly #unread = new UnreadFiles((what, path) => this.#problem(what, path));
  /** Files and stores to read. */
  readonly #todo: ReadingOrder;
  readonly #stopping = new AbortController();
  readonly #reader = new PageReader();
  readonly #sites: FileSites;
  readonly #stores: ZarrStores;
  readonly #watch: FolderWatch;
  #handler: SourceHandler | undefined;
  /** Resolves when what earlier runs have recorded is known. */
  #recalled: Promise<void> | undefined;
  #reading: Promise<void> | undefined;
  #sequence = 0;

  constructor(config: FolderSourceConfig, context: SourceContext) {
    this.#config = config;
    this.#context = context;
    this.#todo = new ReadingOrder(context.clock);
    this.#root = resolve(config.path ?? ".");
    this.#maxBytes = Math.min(config.maxFileMib * 2 ** 20, affordableBytes());
    this.#stores = new ZarrStores({
      clock: context.clock,
      ...{ maxBytes: this.#maxBytes, stableMs: config.stableMs, giveUpMs: config.giveUpMs },
      recall: () => this.#recall(),
      earlierIn: (store) => this.#earlier.takeIn(this.#watch.relative(store)),
      due: (store) => this.#enqueue(store),
    });
    this.#watch = new FolderWatch(this.#root, config, context, {
      met: (path, wasThere) => {
        const isOld = wasThere && !this.#watch.isStore(path);
        if (isOld) this.#followed(path).restingSince = "its time";
        this.#enqueue(path, isOld);
      },
      passedBy: (path) => this.#unread.meet(path),
      leaveAlone: (store) => {
        this.#stores.leaveAlone(store);
        this.#enqueue(store);
      },
    });
    const { namePattern: pattern, plateWells } = config;
    this.#sites = new FileSites({
      ...{ plateWells, pattern: pattern === undefined ? undefined : namePattern(pattern) },
      say: (sentence) => context.log.warn({ folder: this.#root }, sentence),
    });
  }

  async start(handler: SourceHandler, signal: AbortSignal): Promise<string> {
    this.#handler = handler;
    const stats = await stat(this.#root).catch(() => undefined);
    if (stats?.isDirectory() !== true) {
      throw new FrameReadError(this.#root, "is not a folder; create it or set sources.folder.path");
    }
    this.#recalled = this.#recall();
    await this.#watch.start(stats);
    signal.throwIfAborted();
    return this.#root;
  }

  async pause(): Promise<void> {
    this.#todo.clear();
    this.#stopping.abort();
    this.#stores.pause();
    await this.#watch.stop();
  }

  async stop(): Promise<void> {
    await this.pause();
    await Promise.all([this.#reader.stop(), this.#stores.stop()]);
    await this.#reading;
  }

  /** Finds out which pages earlier runs in the same results folder have given. */
  async #recall(): Promise<void> {
    const frames = this.#context.earlier?.(folderSession(this.#root));
    try {
      if (frames !== undefined) await this.#earlier.recall(frames);
    } catch (error) {
      this.#context.log.warn({ reason: reasonOf(error) }, "Earlier results of the folder could not be read");
    }
  }

  #enqueue(path: string, isOld: boolean = false): void {
    if (this.#stopping.signal.aborted) return;
    this.#todo.add(path, isOld);
    this.#reading ??= this.#readAll().finally(() => {
      this.#reading = undefined;
    });
  }

  async #readAll(): Promise<void> {
    await this.#recalled;
    while (!this.#todo.isEmpty) {
      for (const { path, isOld } of this.#todo) {
        await (this.#watch.isStore(path) ? this.#readStore(path) : this.#readOne(path, isOld));
      }
      // Files may come in meanwhile.
      await this.#reader.close();
    }
  }

  async #readStore(path: string): Promise<void> {
    try {
      for await (const { image, found } of this.#stores.look(path)) {
        const place = join(path, image);
        if ("failure" in found) this.#problem(found.failure, place);
        else await this.#give(place, found, []);
        if (this.#stopping.signal.aborted) return;
      }
    } catch (error) {
      if (!this.#stopping.signal.aborted) this.#problem(reasonOf(error), path);
    }
  }

  #followed(path: string): FollowedFile {
    const known = this.#files.get(path);
    if (known !== undefined) return known;
    const file = new FollowedFile();
    const earlier = this.#earlier.take(this.#watch.relative(path));
    if (earlier !== undefined) file.restore(earlier);
    this.#files.set(path, file);
    return file;
  }

  async #readOne(path: string, isOld: boolean): Promise<void> {
    const file = this.#followed(path);
    // A look that ends in an error is judged by the rest that it saw: pages that were held back for want of it are still due.
    let rest: Rest | undefined;
    try {
      const before = await stat(path);
      file.isGone = false;
      if (signatureOf(before) === file.done) return;
      if (!isOld && this.#context.clock.wallMs() - before.mtimeMs > OLD_MS) {
        this.#enqueue(path, true);
        return;
      }
      rest = this.#rested(file, before);
      if (!file.hasPages && !rest.isStill) {
        this.#lookAgain(path, file, FIRST_LOOK_MS);
        return;
      }
      if (before.size >= LARGE_BYTES && file.isGivenTo(before) && rest.isQuiet) {
        file.done = file.signature;
        return;
      }
      const { colour } = this.#config;
      // What is read may be newer than what was looked at.
      const stats = await this.#reader.open({ path, colour, maxBytes: this.#maxBytes, look: true });
      rest = this.#rested(file, stats);
      const channelNames = await this.#channels.beside(path);
      const { clock } = this.#context;
      const sinceMs = clock.now();
      let isTurnOver = false;
      const isPending = await file.pass(
        path,
        this.#reader,
        rest,
        {
          give: (page) => this.#give(path, page, channelNames),
          failed: (reason) => this.#problem(reason, path),
          isTurnOver: () => {
            isTurnOver = clock.now() - sinceMs >= ROW_MS && this.#todo.hasFresh(path);
            return isTurnOver;
          },
        },
        this.#stopping.signal,
      );
      if (isTurnOver) this.#todo.setBack(path);
      else if (isPending || !rest.isQuiet) this.#lookAgain(path, file);
      else file.done = file.signature;
      if (!isPending) file.given = file.signature;
    } catch (error) {
      if (!this.#stopping.signal.aborted) this.#failed(path, file, rest, error);
    }
  }

  #rested(file: FollowedFile, stats: FileStats): Rest {
    return file.restAt(stats, this.#context.clock, this.#config);
  }

  #lookAgain(path: string, file: FollowedFile, wantedMs?: number): void {
    const { clock } = this.#context;
    file.planLook(Math.min(this.#config.stableMs, wantedMs ?? file.nextDelayMs()), (delayMs) =>
      clock.after(delayMs, () => this.#enqueue(path)),
    );
  }

  async #give(path: string, page: SeenPage, channelNames: readonly string[]): Promise<void> {
    const relativePath = this.#watch.relative(path);
    const header = headerOf(
      { ...page, relativePath, session: folderSession(this.#root), sequence: this.#sequence++ },
      this.#sites.frameOf({ ...page, path: relativePath, channelNames }),
    );
    // One frame at a time: the queue never has to drop one, and the folder is the buffer.
    await this.#handler?.frame({
      ...{ source: "folder", controller: `folder ${basename(this.#root)}`, header, frame: page.frame },
      ...{ receivedMs: this.#context.clock.now(), answer: () => undefined },
    });
  }

  /** A file that cannot be read may still be being written: it gets more time before that is an error. */
  #failed(path: string, file: FollowedFile, rest: Rest | undefined, error: unknown): void {
    const isGone = errorCode(error) === "ENOENT";
    if (!isGone && rest?.isSettled === false) {
      this.#lookAgain(path, file);
      return;
    }
    // A look that was planned may come after the one that has found it gone.
    if (isGone && file.isGone) return;
    file.isGone = isGone;
    file.done = file.signature;
    // A stack that only pauses ends as one that was cut off does.
    const isMangled = path.includes("\uFFFD");
    const goneReason = isMangled ? fileReason(error) : "was removed before it could be read";
    const reason = isGone ? `${path}: ${goneReason}` : reasonOf(error);
    if (file.hasPages) this.#context.log.warn({ reason }, "The end of a file cannot be read");
    else this.#problem(reason, path);
  }

  #problem(message: string, path: string): void {
    this.#handler?.problem("folder", { v: 1, type: "error", code: "unreadable", message }, path);
  }
}
