import {
  AgentError,
  FrameReadError,
  FrameShapeError,
  fetchReason,
  ResultsError,
  reasonOf,
} from "../errors.js";
import type { Condition } from "../focus/report.js";
import { Scorer, type ScorerOptions } from "../focus/scorer.js";
import { fileReason } from "../frames/file-reasons.js";
import { assertScorable } from "../frames/frame.js";
import { readFrames } from "../frames/read-frames.js";
import { systemClock } from "../protocol/clock.js";
import { withinTime } from "../protocol/within-time.js";
import { readRecords } from "../records/record-line.js";
import { type ReimageSite, reimageList } from "../runs/reimage-list.js";
import { RunTable } from "../runs/run-table.js";
import { recordsPath } from "../sinks/results-folder.js";

/** An agent that does not answer within this time hangs. */
const ANSWER_MS = 5000;

/** What is said of an image. */
export interface ImageJudgement {
  /** Number of the page within its file, from 0. */
  readonly page: number;
  /** 0 (in focus) to 10. */
  readonly level: number;
  /** 0 to 1. */
  readonly certainty: number;
  readonly condition: Condition;
  /** Why, when the condition is `unusable`. */
  readonly reason?: string;
}

/** The sites of a run that are to be imaged again. */
export interface ReimageAnswer {
  readonly session: string;
  /** Sites of the run. */
  readonly sites: number;
  readonly toReimage: readonly ReimageSite[];
  /** Other runs in the same results. */
  readonly otherSessions: readonly string[];
  /** Lines of the results that could not be read. */
  readonly skippedLines: number;
}

/** Judges images with one model, loaded when the first image comes. */
export class ImageJudge {
  readonly #options: ScorerOptions;
  #scorer: Promise<Scorer> | undefined;

  constructor(options: ScorerOptions) {
    this.#options = options;
  }

  /** @throws FrameReadError or FrameShapeError naming the file; what `Scorer.load` throws. */
  async judge(path: string, page: number, signal: AbortSignal): Promise<ImageJudgement> {
    let pages = 0;
    for await (const { frame, page: number } of readFrames(path, { signal })) {
      pages = number + 1;
      if (number !== page) continue;
      try {
        assertScorable(frame);
      } catch (cause) {
        throw new FrameShapeError(`${path}: ${reasonOf(cause)}`, { cause });
      }
      const report = await (await this.#loaded()).score(frame, { signal });
      const { expectedLevel, aggregateCertainty, condition, conditionReason, unfamiliar } = report;
      return {
        page,
        level: rounded(expectedLevel),
        certainty: rounded(aggregateCertainty),
        condition,
        ...(unfamiliar && { unfamiliar }),
        ...(conditionReason !== undefined && { reason: conditionReason }),
      };
    }
    throw new FrameReadError(
      path,
      pages === 0 ? "holds no image" : `has no page ${page}; its last is ${pages - 1}`,
    );
  }

  async dispose(): Promise<void> {
    await (await this.#scorer?.catch(() => undefined))?.dispose();
  }

  #loaded(): Promise<Scorer> {
    if (this.#scorer === undefined) {
      this.#scorer = Scorer.load(this.#options);
      // What kept it from loading may be mended by the next call.
      this.#scorer.catch(() => {
        this.#scorer = undefined;
      });
    }
    return this.#scorer;
  }
}

/**
 * What a running agent says of itself.
 * @param address of its page, for example http://127.0.0.1:5612
 * @throws AgentError naming the address if none answers there
 */
export async function agentStatus(address: string, signal: AbortSignal): Promise<Record<string, unknown>> {
  const url = new URL("api/status", address.endsWith("/") ? address : `${address}/`);
  try {
    return await withinTime(ANSWER_MS, signal, systemClock, async (giveUp) => {
      const answer = await fetch(url, { signal: giveUp });
      if (!answer.ok) throw new Error(`HTTP status ${answer.status}`);
      return (await answer.json()) as Record<string, unknown>;
    });
  } catch (cause) {
    signal.throwIfAborted();
    throw new AgentError(
      `No agent answers at ${address} (${fetchReason(cause)}); is it running, with its page on?`,
      { cause },
    );
  }
}

/**
 * Which sites of a run are to be imaged again, and why.
 * @param results folder that an agent wrote, or its results.jsonl @param session a run in it; default: the last one
 * @throws ResultsError if there is none
 */
export async function sitesToReimage(
  results: string,
  session: string | undefined,
  signal: AbortSignal,
): Promise<ReimageAnswer> {
  const runs = new Map<string, RunTable>();
  let skippedLines = 0;
  try {
    for await (const record of readRecords(await recordsPath(results))) {
      signal.throwIfAborted();
      if (record === undefined) skippedLines++;
      if (record?.session === undefined) continue;
      const run = runs.get(record.session) ?? new RunTable(record.session);
      runs.set(record.session, run);
      run.apply(record);
    }
  } catch (cause) {
    signal.throwIfAborted();
    throw new ResultsError(results, `${fileReason(cause)}; name the folder that the agent wrote`, { cause });
  }
  const sessions = [...runs.keys()];
  const wanted = session ?? sessions.at(-1);
  const run = wanted === undefined ? undefined : runs.get(wanted);
  if (wanted === undefined) throw new ResultsError(results, "holds no run yet");
  if (run === undefined) {
    throw new ResultsError(results, `has no run ${wanted}; it has ${sessions.join(", ") || "none"}`);
  }
  return {
    session: wanted,
    sites: run.sites.length,
    toReimage: reimageList(run.sites, run.states.all(), { withUnfinished: true }),
    otherSessions: sessions.filter((name) => name !== wanted),
    skippedLines,
  };
}

function rounded(value: number): number {
  return Math.round(value * 1e3) / 1e3;
}
