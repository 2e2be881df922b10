import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Logger } from "pino";
import { Piscina } from "piscina";
import type { AgentConfig } from "../../config/schema.js";
import { reasonOf } from "../../errors.js";
import { mostProbableLevel } from "../../focus/certainty.js";
import { type FocusReport, LEVELS } from "../../focus/report.js";
import { patchOrigins } from "../../focus/tiling.js";
import { errorCode } from "../../frames/file-reasons.js";
import { type Frame, PATCH_PX } from "../../frames/frame.js";
import { workerUrl } from "../../worker-url.js";
import type { FrameDetail } from "../wire.js";
import { type PatchDetail, previewName } from "./preview-folder.js";

/** Frames that may wait for their picture; beyond that one goes without. */
const MAX_WAITING = 8;
const MIB = 2 ** 20;

/** Makes the pictures of frames in a thread of its own, and finds them again. */
export class PreviewKeeper {
  readonly #config: AgentConfig["dashboard"]["previews"];
  readonly #folder: string;
  readonly #log: Logger;
  #pool: Piscina | undefined;
  #isFailing: boolean = false;
  #skipped = 0;

  /** @param folder of the pictures. */
  constructor(config: AgentConfig["dashboard"]["previews"], folder: string, log: Logger) {
    this.#config = config;
    this.#folder = folder;
    this.#log = log;
  }

  /** Frames that went without a picture. */
  get skipped(): number {
    return this.#skipped;
  }

  async start(): Promise<void> {
    if (!this.#config.enabled) return;
    const { maxPx, keepMib, holdMib } = this.#config;
    this.#pool = new Piscina({
      filename: fileURLToPath(workerUrl("preview-worker.js", import.meta.url)),
      workerData: {
        folder: this.#folder,
        limits: { maxPx, keepBytes: keepMib * MIB, holdBytes: holdMib * MIB },
      },
      minThreads: 1,
      maxThreads: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
    });
    await this.#try(() => this.#pool!.run(undefined, { name: "start" }));
  }

  /** Takes a frame; never waits and never throws. */
  keep(id: string, frame: Frame, report: FocusReport): void {
    const pool = this.#pool;
    if (pool === undefined) return;
    if (pool.queueSize >= MAX_WAITING) {
      this.#skipped++;
      return;
    }
    void this.#try(() => pool.run({ frame, detail: detailOf(id, frame, report) }, { name: "keep" }));
  }

  /** Saves a frame as it came, as TIFF; false if it is no longer held or cannot be written. */
  async save(frameId: string, path: string): Promise<boolean> {
    const pool = this.#pool;
    if (pool === undefined) return false;
    return (await this.#try(() => pool.run({ frameId, path }, { name: "save" }))) === true;
  }

  /** What was kept of a frame. */
  async detail(frameId: string): Promise<FrameDetail | undefined> {
    const json = await this.#read(`${previewName(frameId)}.json`);
    return json === undefined ? undefined : (JSON.parse(json.toString("utf8")) as FrameDetail);
  }

  /** The picture of a frame, PNG. */
  picture(frameId: string): Promise<Buffer | undefined> {
    return this.#read(`${previewName(frameId)}.png`);
  }

  async stop(): Promise<void> {
    const pool = this.#pool;
    this.#pool = undefined;
    await pool?.close();
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

function detailOf(id: string, { width, height }: Frame, report: FocusReport): PatchDetail {
  const { probabilities, certainties, distribution } = report;
  const patches = Array.from(certainties, (_, i) => i);
  return {
    id,
    width,
    height,
    patchPx: PATCH_PX,
    lefts: patchOrigins(width),
    tops: patchOrigins(height),
    levels: patches.map((i) => mostProbableLevel(probabilities.subarray(i * LEVELS, (i + 1) * LEVELS))),
    certainties: Array.from(certainties, rounded),
    distribution: Array.from(distribution, rounded),
  };
}

function rounded(fraction: number): number {
  return Math.round(fraction * 1000) / 1000;
}
