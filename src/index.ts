/**
 * Parfocal as a library: score microscope frames for focus.
 * @module
 */
export { isParfocalError, ParfocalError } from "./errors.js";
export type { Condition, FocusReport } from "./focus/report.js";
export { Scorer, type ScorerOptions } from "./focus/scorer.js";
export type { FrameScorer, ModelIdentity, ScoreOptions } from "./focus/scorer-types.js";
export type { Frame } from "./frames/frame.js";
export { readFrames } from "./frames/read-frames.js";
