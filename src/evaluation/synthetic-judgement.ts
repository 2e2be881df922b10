import { mostProbableLevel } from "../focus/certainty.js";
import { RIGHT_WITHIN } from "../focus/confidence.js";
import { LEVELS } from "../focus/levels.js";
import type { FocusReport } from "../focus/report.js";
import { groupBy } from "./group-by.js";
import type { JudgedFrame } from "./judged-frame.js";
import { accuracyWithin, confusionMatrix } from "./metrics.js";
import type { Statement } from "./reliability.js";
import type { Exposure } from "./synthetic-frames.js";

/** One synthetic frame of a known level, as it was judged. */
export interface SyntheticJudgement extends Exposure {
  /** Its level of defocus. */
  readonly actual: number;
  /** The level of the frame, a whole number. */
  readonly judged: number;
  /** The same as a real number. */
  readonly defocusLevels: number;
  readonly groups: JudgedFrame["groups"];
}

export interface Accuracy {
  readonly frames: number;
  /** Shares of the frames whose level is the true one, or within one or two of it. */
  readonly exact: number;
  readonly withinOne: number;
  readonly withinTwo: number;
}

/** What synthetic frames of one kind show. */
export interface SyntheticAccuracy extends Accuracy {
  /** Frames by true level (rows) and judged level (columns). */
  readonly confusion: readonly (readonly number[])[];
  /** Mean of the defocus in levels, a real number, less the true one, by true level; undefined for a level without frames. */
  readonly bias: readonly (number | undefined)[];
}

export function accuracyOf(frames: readonly Pick<SyntheticJudgement, "actual" | "judged">[]): Accuracy {
  return {
    frames: frames.length,
    exact: accuracyWithin(frames, 0),
    withinOne: accuracyWithin(frames, 1),
    withinTwo: accuracyWithin(frames, 2),
  };
}

export function syntheticAccuracy(frames: readonly SyntheticJudgement[]): SyntheticAccuracy {
  const byLevel = groupBy(frames, ({ actual }) => actual);
  const bias = Array.from({ length: LEVELS }, (_, level) => {
    const errors = (byLevel.get(level) ?? []).map(({ defocusLevels }) => defocusLevels - level);
    return errors.length > 0 ? errors.reduce((sum, error) => sum + error, 0) / errors.length : undefined;
  });
  return { ...accuracyOf(frames), confusion: confusionMatrix(frames, LEVELS), bias };
}

/** What a report states about a frame of a known level, with how sure it is. */
export function frameStatement(report: FocusReport, trueLevel: number, field: string): Statement {
  const isRight = Math.abs(report.expectedLevel - trueLevel) <= RIGHT_WITHIN;
  return { confidence: report.confidence, isRight, field };
}

/** The same for each of its patches that was judged. */
export function patchStatements(report: FocusReport, trueLevel: number, field: string): Statement[] {
  return [...report.confidences.entries()].flatMap(([patch, confidence]) => {
    if (Number.isNaN(confidence)) return [];
    const level = mostProbableLevel(report.probabilities.subarray(patch * LEVELS, (patch + 1) * LEVELS));
    return [{ confidence, isRight: Math.abs(level - trueLevel) <= RIGHT_WITHIN, field }];
  });
}
