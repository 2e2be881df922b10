import { FrameReadError, isParfocalError } from "../errors.js";
import type { Sampling } from "../focus/binning.js";
import type { FocusReport } from "../focus/report.js";
import type { FrameScorer } from "../focus/scorer-types.js";
import { binFrame } from "../frames/bin-frame.js";
import type { Frame } from "../frames/frame.js";
import { labelOf, type ManifestRow } from "../frames/manifest.js";
import { type FramePage, readFrames } from "../frames/read-frames.js";
import { focusMetrics } from "../metrics/focus-metrics.js";
import { type Comparison, comparedFrames, compareMetrics } from "./compare-metrics.js";
import { judgeStacks, type StackJudgement } from "./focal-stacks.js";
import { type GroupScores, groupScores } from "./groups.js";
import { fieldOf, type JudgedFrame, judgedFrame } from "./judged-frame.js";
import { type JudgedLabels, judgeLabels, labelErrors } from "./labelled.js";
import { type ReliabilityResults, type SyntheticResults, SyntheticRun } from "./synthetic-run.js";

export interface EvaluateOptions {
  readonly scorer: FrameScorer;
  readonly rows: readonly ManifestRow[];
  /** Photoelectrons of the brightest pixel of a synthetic frame; `Infinity` for no photon noise. */
  readonly peakElectrons: number;
  /** Of the noise, of the frames that thresholds are chosen on, and of the resamples. */
  readonly seed: number;
  /** The optics of an image, where they are known; without it all are judged as they are. */
  readonly samplingOf?: (row: ManifestRow, page: FramePage) => Sampling | undefined;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
  /** Sees every image of the manifest with its report, for pictures. */
  readonly onFrame?: (row: ManifestRow, frame: Frame, report: FocusReport) => void;
}

export interface Evaluation extends SyntheticResults {
  readonly model: FrameScorer["model"];
  readonly peakElectrons: number | null;
  readonly reliability: ReliabilityResults;
  /** Frames as published, labelled in or out of focus; undefined where there are none. */
  readonly labelled: (JudgedLabels & { readonly errors: readonly string[] }) | undefined;
  /** The model beside the classical measures, over the labelled frames; undefined where there are too few fields. */
  readonly comparison: Comparison | undefined;
  /** By source, stain, light and optics, where the manifest tells them apart. */
  readonly groups: readonly GroupScores[];
  readonly stacks: readonly StackJudgement[];
  readonly frames: readonly JudgedFrame[];
  /** Images that could not be read or judged, each with its reason. */
  readonly leftOut: readonly string[];
  /** Files of several pages, of which the first alone was judged. */
  readonly firstPages: readonly string[];
}

/** Judges a model on a manifest of images; see `Evaluation` for what is measured. */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const { scorer, rows, seed, signal, samplingOf, onProgress, onFrame } = options;
  const frames: JudgedFrame[] = [];
  const leftOut: string[] = [];
  const firstPages = new Set<string>();
  const run = new SyntheticRun(scorer, options.peakElectrons, seed);
  const judge = async (row: ManifestRow, index: number) => {
    const { page, isOnly } = await firstPage(row.path);
    if (!isOnly) firstPages.add(row.path);
    const { frame } = page;
    const sampling = samplingOf?.(row, page);
    const report = await scorer.score(frame, sampling ? { binning: sampling.binning } : {});
    const metrics = labelOf(row) === undefined ? undefined : focusMetrics(frame);
    frames.push(judgedFrame(row, report, sampling, metrics));
    if (row.level !== undefined) run.state(report, row.level, fieldOf(row));
    onFrame?.(row, frame, report);
    if (isInFocusField(row)) await run.judge(row, binFrame(frame, report.binning), index);
  };
  for (const [index, row] of rows.entries()) {
    signal?.throwIfAborted();
    try {
      await judge(row, index);
    } catch (error) {
      if (!isParfocalError(error)) throw error;
      leftOut.push(error.message.startsWith(row.path) ? error.message : `${row.path}: ${error.message}`);
    }
    onProgress?.(index + 1, rows.length);
  }

  const labels = judgeLabels(frames);
  return {
    model: scorer.model,
    peakElectrons: Number.isFinite(options.peakElectrons) ? options.peakElectrons : null,
    ...run.accuracies(),
    reliability: run.reliability(),
    labelled: labels && { ...labels, errors: labelErrors(frames) },
    comparison: compareMetrics(comparedFrames(frames), seed),
    groups: groupScores(frames, run.plain),
    stacks: judgeStacks(frames),
    frames,
    leftOut,
    firstPages: [...firstPages],
  };
}

function isInFocusField(row: ManifestRow): boolean {
  return row.kind === "infocus" && labelOf(row) !== "out";
}

/** The first page of a file, and whether it has no other. @throws FrameReadError */
export async function firstPage(
  path: string,
): Promise<{ readonly page: FramePage; readonly isOnly: boolean }> {
  const pages = readFrames(path);
  try {
    const { value: page } = await pages.next();
    if (page === undefined) throw new FrameReadError(path, "it holds no frame");
    return { page, isOnly: await isAtEnd(pages) };
  } finally {
    await pages.return(undefined);
  }
}

/** A page that cannot be read is one, too. */
async function isAtEnd(pages: AsyncIterator<FramePage>): Promise<boolean> {
  try {
    return (await pages.next()).done === true;
  } catch {
    return false;
  }
}
