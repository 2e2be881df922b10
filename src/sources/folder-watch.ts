import type { Stats } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { type FSWatcher, watch } from "chokidar";
import type { FolderSourceConfig } from "../config/sources.js";
import { reasonOf } from "../errors.js";
import { isPassedOver } from "../frames/image-names.js";
import { isAgentsFolder } from "../frames/own-folders.js";
import { hasZarrName, isInZarr } from "../frames/zarr-groups.js";
import { FolderListings } from "./folder-listings.js";
import { FolderPresence } from "./folder-presence.js";
import { globMatcher } from "./glob.js";
import type { SourceContext } from "./source.js";

/** When the files of a new folder are listed again, in times that a file has to rest. */
const LISTINGS = [1, 5];
/** On file systems that are polled, two changes within it look like one, ms. */
const COARSEST_CLOCK_MS = 2000;

/** Who is told of what a folder holds; paths are absolute. */
export interface FolderWatchHandler {
  /** A file or an OME-Zarr that appeared or changed. @param wasThere whether it was there when the watch began. */
  readonly met: (path: string, wasThere: boolean) => void;
  /** A file that is not wanted for its name; more than once. */
  readonly passedBy: (path: string) => void;
  /** An OME-Zarr that was there when the watch began, whose images are to be left alone. */
  readonly leaveAlone: (store: string) => void;
}

/** Watches a folder and all folders in it for files and OME-Zarrs, also where the folder is removed and made again. */
export class FolderWatch {
  readonly #root: string;
  readonly #config: FolderSourceConfig;
  readonly #context: SourceContext;
  readonly #handler: FolderWatchHandler;
  readonly #listings: FolderListings;
  readonly #presence: FolderPresence;
  /** Files that were there at the start, to be left alone. */
  readonly #ignored = new Set<string>();
  readonly #matches: (name: string) => boolean;
  #watcher: FSWatcher | undefined;
  /** Whether all files that were there at the start have been met. */
  #isReady: boolean = false;
  #isStopped: boolean = false;

  /** @param root absolute path. */
  constructor(root: string, config: FolderSourceConfig, context: SourceContext, handler: FolderWatchHandler) {
    this.#root = root;
    this.#config = config;
    this.#context = context;
    this.#handler = handler;
    this.#matches = globMatcher(config.pattern);
    this.#listings = new FolderListings(context.clock, (path) => {
      if (this.#isWanted(path) && !this.#ignored.has(path)) handler.met(path, false);
    });
    this.#presence = new FolderPresence(root, context.clock, {
      gone: () => context.log.error({ folder: root }, "The watched folder is gone; it is looked for"),
      back: () => void this.#watchAgain(),
    });
  }

  /** @param stats of the folder. */
  async start(stats: Stats): Promise<void> {
    await this.#watch(this.#config.existing === "ignore");
    if (!this.#isStopped) this.#presence.start(stats);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#presence.stop();
    this.#listings.stop();
    await this.#watcher?.close();
  }

  /** A path as it is told: within the folder, with forward slashes. */
  relative(path: string): string {
    return relative(this.#root, path).split(sep).join("/");
  }

  /** Whether a path is that of an OME-Zarr. */
  isStore(path: string): boolean {
    return hasZarrName(this.relative(path));
  }

  /** @param leavesAlone whether what is there already is left alone. */
  async #watch(leavesAlone: boolean): Promise<void> {
    const watcher = watch(this.#root, {
      ignoreInitial: leavesAlone,
      usePolling: this.#config.polling,
      interval: this.#config.pollMs,
      // As in a search: a link to a parent would give every image again and again.
      followSymlinks: false,
      ignored: (path, stats) => {
        const name = this.relative(path);
        if (isPassedOver(name) || isInZarr(name)) return true;
        if (stats?.isDirectory() === false) {
          const isWanted = this.#matches(name);
          if (!isWanted) this.#handler.passedBy(path);
          return !isWanted;
        }
        return name !== "" && isAgentsFolder(path);
      },
    });
    this.#watcher = watcher;
    watcher.on("add", (path) => {
      if (this.#isReady && this.#config.polling) this.#planListings(dirname(path));
      this.#handler.met(path, !this.#isReady);
    });
    watcher.on("addDir", (path) => {
      if (this.isStore(path)) this.#handler.met(path, !this.#isReady);
      else if (this.#isReady) this.#planListings(path);
    });
    watcher.on("change", (path) => this.#handler.met(path, false));
    watcher.on("error", (error) => this.#failed(error));
    await new Promise<void>((resolveReady) => void watcher.once("ready", resolveReady));
    this.#isReady = true;
    for (const [folder, names] of Object.entries(watcher.getWatched())) {
      if (this.relative(folder).startsWith("..") || this.isStore(folder)) continue;
      if (leavesAlone) this.#leaveAlone(names.map((name) => join(folder, name)));
      this.#planListings(folder);
    }
  }

  async #watchAgain(): Promise<void> {
    try {
      await this.#watcher?.close();
      if (this.#isStopped) return;
      await this.#watch(false);
      const told = "The watched folder was made again; it is watched as before";
      this.#context.log.warn({ folder: this.#root }, told);
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    this.#context.log.error({ folder: this.#root, reason: reasonOf(error) }, "Watching the folder failed");
  }

  /** Lists a folder again; where a listing misses something, too, by a coarse clock. */
  #planListings(folder: string): void {
    const rests = LISTINGS.map((times) => times * this.#config.stableMs);
    this.#listings.plan(folder, this.#config.polling ? [...rests, COARSEST_CLOCK_MS + rests.at(-1)!] : rests);
  }

  /** What is there at the start. */
  #leaveAlone(paths: readonly string[]): void {
    for (const path of paths) {
      if (this.isStore(path)) this.#handler.leaveAlone(path);
      else this.#ignored.add(path);
    }
  }

  #isWanted(path: string): boolean {
    const name = this.relative(path);
    return !isPassedOver(name) && this.#matches(name);
  }
}
