import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "pino";
import type { AgentConfig } from "../../config/schema.js";
import { reasonOf } from "../../errors.js";
import { mostProbableLevel } from "../../focus/certainty.js";
import { LEVELS } from "../../focus/levels.js";
import type { Condition, FocusReport } from "../../focus/report.js";
import type { FrameScorer } from "../../focus/scorer-types.js";
import { patchesOf } from "../../focus/tiling.js";
import { holdFrame } from "../../frame-memory.js";
import { FrameThread } from "../../frame-thread.js";
import { errorCode } from "../../frames/file-reasons.js";
import type { Frame } from "../../frames/frame.js";
import type { Clock } from "../../protocol/clock.js";
import type { FrameDetail } from "../wire.js";
import { PictureRate } from "./picture-rate.js";
import { type FrameId, type PatchDetail, type PreviewLimits, previewName } from "./preview-folder.js";

/** Pixels that may wait for their picture, bytes; beyond that a frame goes without, except one that would be alone. */
const MAX_WAITING_BYTES = 64 * 2 ** 20;
const MIB = 2 ** 20;
/** Frames that nobody has to look at are in focus, or empty. */
const UNREMARKABLE: ReadonlySet<Condition> = new Set(["in-focus", "blank"]);
/** Their pictures a second while a page is open: more than an eye follows, and than a plate has sites. */
const WATCHED_PER_SECOND = 20;

export interface PreviewKeeperOptions {
  readonly config: AgentConfig["dashboard"]["previews"];
  /** Of the pictures. */
  readonly folder: string;
  readonly log: Logger;
  readonly clock: Clock;
  /** Judges the patches that did not decide a frame, if that can be done here. */
  readonly complete?: FrameScorer["completed"];
}

/** Makes the pictures of frames in a thread of its own, and finds them again. */
export class PreviewKeeper {
  readonly #config: AgentConfig["dashboard"]["previews"];
  readonly #folder: string;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #complete: FrameScorer["completed"] | undefined;
  #thread: Promise<FrameThread> | undefined;
  #isStarted: boolean = false;
  #waitingBytes = 0;
  /** Of frames that nobody has to look at: while no page is open, and while one is. */
  readonly #unwatched: PictureRate;
  readonly #watched = new PictureRate(WATCHED_PER_SECOND, WATCHED_PER_SECOND);
  #isFailing: boolean = false;
  #isCompleting: boolean = false;
  #skipped = 0;

  constructor({ config, folder, log, clock, complete }: PreviewKeeperOptions) {
    this.#complete = complete;
    this.#config = config;
    this.#unwatched = new PictureRate(config.perSecond, 1);
    this.#folder = folder;
    this.#log = log;
    this.#clock = clock;
  }

  /** Frames that went without a picture. */
  get skipped(): number {
    return this.#skipped;
  }

  /** Its thread gets ready meanwhile: frames are not kept waiting for pictures. */
  start(): void {
    if (!this.#config.enabled) return;
    this.#isStarted = true;
    void this.#try(() => this.#live());
  }

  /**
   * Takes a frame; never waits and never throws.
   * @param isWatched somebody looks: the rest of the patches is judged, too, of one frame at a time.
   */
  keep(id: FrameId, frame: Frame, report: FocusReport, isWatched = false): void {
    if (!this.#isStarted) return;
    const bytes = frame.pixels.byteLength;
    const rate = isWatched ? this.#watched : this.#unwatched;
    // At a camera's full rate, all their pictures would take a core.
    if (UNREMARKABLE.has(report.condition) && !rate.takes(this.#clock.now())) {
      this.#skipped++;
      return;
    }
    if (this.#waitingBytes > 0 && this.#waitingBytes + bytes > MAX_WAITING_BYTES) {
      this.#skipped++;
      return;
    }
    this.#waitingBytes += bytes;
    const letGo = holdFrame(frame);
    const kept = this.#try(async () => {
      const whole = isWatched ? await this.#completed(frame, report) : report;
      const thread = await this.#live();
      return thread.callWithFrame("keep", frame, { detail: detailOf(id, frame, whole) }).answer;
    });
    void kept.finally(() => {
      this.#waitingBytes -= bytes;
      letGo();
    });
  }

  /** Saves a frame as it came, as TIFF; false if it is no longer held or cannot be written. */
  async save(frameId: FrameId, path: string): Promise<boolean> {
    if (!this.#isStarted) return false;
    return (await this.#try(async () => (await this.#live()).call("save", { frameId, path }))) === true;
  }

  /** What was kept of a frame. */
  async detail(frameId: FrameId): Promise<FrameDetail | undefined> {
    const json = await this.#read(`${previewName(frameId)}.json`);
    return json === undefined ? undefined : (JSON.parse(json.toString("utf8")) as FrameDetail);
  }

  /** The picture of a frame, PNG. */
  picture(frameId: FrameId): Promise<Buffer | undefined> {
    return this.#read(`${previewName(frameId)}.png`);
  }

  async stop(): Promise<void> {
    this.#isStarted = false;
    await (await this.#thread?.catch(() => undefined))?.stop();
  }

  /** The report with every patch judged, or as it is where that would hold up others. */
  async #completed(frame: Frame, report: FocusReport): Promise<FocusReport> {
    if (this.#complete === undefined || this.#isCompleting) return report;
    this.#isCompleting = true;
    try {
      return await this.#complete(frame, report);
    } catch {
      // The picture does not need it, and the scorer's own frames tell what is wrong with it.
      return report;
    } finally {
      this.#isCompleting = false;
    }
  }

  /** The thread, started; another one if it has ended. */
  async #live(): Promise<FrameThread> {
    const asked = this.#thread;
    const thread = await asked?.catch(() => undefined);
    if (thread?.hasEnded === false) return thread;
    if (this.#thread === asked) this.#thread = this.#startThread();
    return this.#thread!;
  }

  async #startThread(): Promise<FrameThread> {
    const { maxPx, keepMib, holdMib } = this.#config;
    const limits: PreviewLimits = { maxPx, keepBytes: keepMib * MIB, holdBytes: holdMib * MIB };
    const thread = new FrameThread("preview-worker.js", import.meta.url, { folder: this.#folder, limits });
    try {
      await thread.call("start");
      return thread;
    } catch (error) {
      await thread.stop();
      throw error;
    }
  }

  async #read(name: string): Promise<Buffer | undefined> {
    try {
      return await readFile(join(this.#folder, name));
    } catch (error) {
      if (errorCode(error) === "ENOENT") return undefined;
      throw error;
    }
  }

  /** Pictures are for people: that one cannot be made is told once, and nothing else comes of it. */
  async #try(run: () => Promise<unknown>): Promise<unknown> {
    try {
      const result = await run();
      this.#isFailing = false;
      return result;
    } catch (error) {
      // A thread that was stopped while it started has failed at nothing.
      if (!this.#isStarted) return undefined;
      if (!this.#isFailing) {
        const fields = { folder: this.#folder, reason: reasonOf(error) };
        this.#log.error(fields, "Pictures for the dashboard cannot be kept; scoring goes on");
      }
      this.#isFailing = true;
      this.#skipped++;
      return undefined;
    }
  }
}

function detailOf({ run, id }: FrameId, frame: Frame, report: FocusReport): PatchDetail {
  const { sidePx, lefts, tops } = patchesOf(frame, report);
  const { probabilities, certainties, distribution } = report;
  const patches = Array.from(certainties, (_, i) => i);
  return {
    run,
    id,
    width: frame.width,
    height: frame.height,
    patchPx: sidePx,
    lefts,
    tops,
    levels: patches.map((i) =>
      Number.isNaN(certainties[i])
        ? null
        : mostProbableLevel(probabilities.subarray(i * LEVELS, (i + 1) * LEVELS)),
    ),
    certainties: Array.from(certainties, (value) => (Number.isNaN(value) ? null : rounded(value))),
    distribution: Array.from(distribution, rounded),
  };
}

function rounded(fraction: number): number {
  return Math.round(fraction * 1000) / 1000;
}
