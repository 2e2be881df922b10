import type { Frame } from "../frames/frame.js";
import { visitRows } from "../pixel-sums/pixel-sums.js";
import { expectedLevel } from "./certainty.js";
import type { FrameContent } from "./content.js";
import type { PatchScores } from "./engines/engine.js";
import type { FrameLevel } from "./frame-level.js";
import { LEVELS } from "./levels.js";
import type { ConditionThresholds } from "./model-card.js";
import type { Condition, FocusReport } from "./report.js";

/** Bit depths that cameras have: a highest value of 2^n - 1 for one of these is taken for the top of the range. */
const CAMERA_BITS = [8, 10, 11, 12, 14, 16];

export interface CountRange {
  readonly lowest: number;
  readonly highest: number;
  readonly mean: number;
  /** Share of pixels at the top of the camera's range, 0 to 1. */
  readonly saturatedFraction: number;
}

/** Log odds: what is unlike the training is empty only where its structure is less likely by so much. */
const STRANGE_MARGIN = 1.25;

/** Log odds from which a frame with a certain patch shows structure, however few there are: of empty fields none comes to them. */
const CLEAR_STRUCTURE = 5;
/** Standard deviations of its level that a frame is given the benefit of; and the largest of these, levels. */
const DOUBTS = 2;
const MOST_DOUBT = 0.35;
/** A level with no larger standard deviation is well known, levels (`scripts/choose-patches.ts`). */
const WELL_KNOWN_SD = 0.1;
/** What a single patch is given the benefit of, levels. */
export const PATCH_DOUBT = 0.3;

/** Pixels that are looked at; of larger frames, whole rows that are evenly spread, as they lie in memory. */
const LOOKED_AT = 2 ** 17;

/** Lowest, highest and mean count of a frame, and how much of it is saturated; from some hundred thousand pixels of a large frame. */
export function countRange(frame: Frame): CountRange {
  const rowStep = Math.ceil(frame.pixels.length / LOOKED_AT);
  const range = rangeOf(frame, rowStep);
  // A single bright spot between the rows looked at makes a frame that is not empty.
  return range.highest === range.lowest && rowStep > 1 ? rangeOf(frame, 1) : range;
}

function rangeOf(frame: Frame, rowStep: number): CountRange {
  const { pixels, width, height, bitDepth } = frame;
  const lookedAt = { end: height, step: rowStep };
  let [lowest, highest, sum] = [pixels[0]!, 0, 0];
  visitRows(frame, lookedAt, (rows) => {
    lowest = Math.min(lowest, rows.lowest());
    highest = Math.max(highest, rows.highest());
    sum += rows.total();
  });
  const count = width * Math.ceil(height / rowStep);
  // Of an image that was made 8 bit, a controller may still declare what its camera has.
  const declared = bitDepth === undefined ? CAMERA_BITS : [Math.min(bitDepth, 8 * pixels.BYTES_PER_ELEMENT)];
  const tops = declared.map((bits) => 2 ** bits - 1);
  const isTop = tops.includes(highest) || (bitDepth !== undefined && highest > tops[0]!);
  let atHighest = 0;
  if (isTop) visitRows(frame, lookedAt, (rows) => (atHighest += rows.occurrencesOf(highest)));
  return { lowest, highest, mean: sum / count, saturatedFraction: atHighest / count };
}

/** Whether too much of a frame is cut off at the camera's highest count. */
export function isOverexposed(
  { saturatedFraction }: Pick<CountRange, "saturatedFraction">,
  { saturatedShare }: Pick<ConditionThresholds, "saturatedShare">,
): boolean {
  return saturatedFraction > saturatedShare;
}

/**
 * What the frame is. First match wins: unusable (counts above the declared bit depth, or too much saturated), blank
 * (no count differs, too few certain patches, no more certainty than grain has,
 * unless it clearly shows structure, or none), mixed (certain patches disagree), in-focus, defocused.
 */
export function conditionOf(
  frame: Frame,
  range: CountRange,
  scores: PatchScores,
  judged: Pick<FrameLevel, "level" | "sd">,
  content: FrameContent,
  thresholds: ConditionThresholds,
): Pick<FocusReport, "condition" | "conditionReason" | "mayBeBlurred"> {
  const { bitDepth } = frame;
  if (bitDepth !== undefined && range.highest > 2 ** bitDepth - 1) {
    return unusable(`counts up to ${range.highest} do not fit the ${bitDepth} bits that were declared`);
  }
  if (isOverexposed(range, thresholds)) {
    return unusable(
      `${(100 * range.saturatedFraction).toFixed(1)} % of the pixels are saturated at ${range.highest}`,
    );
  }
  if (range.highest === range.lowest) return { condition: "blank" };

  const { certain, sharp, blurred } = certainPatches(scores, thresholds);
  const few = Math.max(1, thresholds.certainShare * scores.certainties.length);
  const isClear = content.structure !== undefined && content.structure >= CLEAR_STRUCTURE;
  const isUncertain = certain < few || (!isClear && isGrain(scores.certainties, few, thresholds));
  const isNothing = showsNothing(content, thresholds);
  // Of empty fields hardly any has a certain patch, and looks as if it showed something, too.
  const mayBeBlurred = content.structure !== undefined && certain > 0 && isUncertain !== isNothing;
  if (isUncertain || isNothing) return { condition: "blank", ...(mayBeBlurred && { mayBeBlurred }) };
  if (Math.min(sharp, blurred) >= thresholds.mixedShare * certain) return { condition: "mixed" };
  return { condition: leastLevel(judged) <= thresholds.inFocusLevel ? "in-focus" : "defocused" };
}

/** How many patches are certain of their level, and how many of these are sharp or blurred. */
function certainPatches({ certainties, probabilities }: PatchScores, thresholds: ConditionThresholds) {
  let [certain, sharp, blurred] = [0, 0, 0];
  for (const [patch, certainty] of certainties.entries()) {
    if (certainty < thresholds.certainPatch) continue;
    certain++;
    const level = expectedLevel(probabilities.subarray(patch * LEVELS, (patch + 1) * LEVELS));
    if (level <= thresholds.inFocusLevel + PATCH_DOUBT) sharp++;
    if (level >= thresholds.blurredLevel) blurred++;
  }
  return { certain, sharp, blurred };
}

/**
 * Whether more patches may change what these say of the frame: not where their level is well known and clearly in focus or clearly not,
 * none contradicts it, and the frame is like those of the training.
 */
export function leavesDoubt(
  { condition }: Pick<FocusReport, "condition">,
  scores: PatchScores,
  { level, sd }: Pick<FrameLevel, "level" | "sd">,
  content: FrameContent,
  thresholds: ConditionThresholds,
): boolean {
  if (Math.abs(level - thresholds.inFocusLevel) < DOUBTS * sd) return true;
  if (condition === "blank" || condition === "mixed" || sd > WELL_KNOWN_SD) return true;
  const { sharp, blurred } = certainPatches(scores, thresholds);
  return Math.min(sharp, blurred) > 0 || isStrange(content, thresholds);
}

/** The level that a frame has at least, as far as its patches can tell: less than they say where they are few or disagree. */
export function leastLevel({ level, sd }: Pick<FrameLevel, "level" | "sd">): number {
  return level - DOUBTS * Math.min(sd, MOST_DOUBT);
}

/** Whether the network finds the frame without structure; of what it never met the like of, it must be surer. */
function showsNothing(content: FrameContent, thresholds: ConditionThresholds): boolean {
  const { structure } = content;
  const { leastStructure } = thresholds;
  if (structure === undefined || leastStructure === undefined) return false;
  return structure < (isStrange(content, thresholds) ? leastStructure - STRANGE_MARGIN : leastStructure);
}

/**
 * Whether the frame shows something unlike all that the model was trained on: then its level may be anything. Of a blank or
 * unusable frame nothing is said.
 */
export function isUnfamiliar(
  condition: Condition,
  content: FrameContent,
  thresholds: ConditionThresholds,
): boolean {
  return condition !== "blank" && condition !== "unusable" && isStrange(content, thresholds);
}

function isStrange({ strangeness }: FrameContent, { mostStrangeness }: ConditionThresholds): boolean {
  return strangeness !== undefined && mostStrangeness !== undefined && strangeness > mostStrangeness;
}

/** Whether what certainty there is may be that of grain. @param few so many sure patches are none by chance. */
function isGrain(certainties: Float32Array, few: number, { threeCertain, surePatch }: ConditionThresholds) {
  const sure = certainties.reduce((count, certainty) => count + (certainty >= surePatch ? 1 : 0), 0);
  // A frame of one or two patches has no others to compare them with.
  if (sure >= few || certainties.length < 3) return false;
  const most = Float32Array.from(certainties).sort().slice(-3);
  return most.reduce((sum, certainty) => sum + certainty, 0) < 3 * threeCertain;
}

function unusable(conditionReason: string): { condition: Condition; conditionReason: string } {
  return { condition: "unusable", conditionReason };
}
