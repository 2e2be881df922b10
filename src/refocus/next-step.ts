import type { FrameMessage } from "../protocol/messages.js";
import { inside, rangeText } from "../protocol/z-range.js";
import { lookElsewhere, unlessEmpty } from "./empty-site.js";
import { isUnsure } from "./level-response.js";
import { lookBeside, lookBeyond } from "./looks.js";
import { obstacleTo, obstacleToMove } from "./obstacles.js";
import { ACCEPTED_FROM, indexToKeep, nextStep, type SearchStep, type StopReason } from "./search.js";
import { giveUp } from "./site-end.js";
import { type BestSample, type Judgement, type SiteStep, signed } from "./site-search.js";
import { longestPath, moveFrom, type StepContext } from "./step-context.js";
import { type Assessment, limitsOf, umPerLevelFor } from "./thresholds.js";
import { CHANGED_NOTHING, hasResponded, provesNoResponse } from "./unresponsive-drive.js";

const STOPS: Readonly<Record<StopReason, string>> = {
  sharp: "in focus",
  budget: "the retry budget is spent",
  limits: "the z limits or the travel limit are reached",
  "no-better": "no other z within the limits is likely to be sharper",
};

/** A first frame above this level is not taken for in focus without a look elsewhere. */
const NEVER_AT_ONCE = 2.5;

/** What to do after a frame of a site, which is the last sample of its search. Sets the search's best sample. */
export function decideStep(context: StepContext): SiteStep {
  const { search, assessment, rules } = context;
  const { kind, reason } = assessment;
  const isFirst = search.samples.length === 1;
  // A certainty is no threshold where moves can be made: that the patches disagree widens the evidence, no more.
  const isGuided = rules.sharp === "learned" && rules.retryWith === "move-z";
  const isBlank = kind === "blank" && (!isGuided || search.samples.at(-1)!.isBlank);
  const isNothing = kind === "unusable" || isBlank || (kind === "uncertain" && !isGuided);
  if (isBlank && isGuided && search.samples.every((sample) => sample.isBlank)) {
    return lookElsewhere(context);
  }
  if (isFirst && isNothing) {
    return { end: { decision: decisionAlone(kind), recovered: "unknown", why: kind, reason }, reason };
  }
  if (kind === "unusable") return giveUp(context, "unusable", reason);
  if (rules.retryWith !== "move-z") return decideWithoutMoves(context, rules.retryWith);
  return isGuided ? unlessEmpty(context, decideByBelief(context)) : decideByLimit(context);
}

/** As sharp as this content gets: the belief says which frame is in focus, and whether another one is worth its light. */
function decideByBelief(context: StepContext): SiteStep {
  const { search, rules, settings } = context;
  const { samples } = search;
  const found = searchStep(context);
  const umPerLevel = umPerLevelFor(rules, settings.optics, search.first);
  // Content that is blurred in its plane of focus, too, gets more so beside it: a level that stays where it is shows no focus.
  const isUnmoved =
    samples[found.keep]!.level > rules.maxLevel && samples.length > 1 && !hasResponded(samples);
  const isProven = isUnmoved && (context.unresponsive > 0 || provesNoResponse(samples, umPerLevel));
  const isLikely = found.inFocus >= ACCEPTED_FROM;
  search.best = { index: found.keep, isSharp: isLikely && !isProven };
  const reason = `level ${samples.at(-1)!.level.toFixed(2)}, ${percent(context, found)}`;
  const { evidence } = found;
  if (isUnmoved && isLikely && "why" in found.next) {
    if (isProven) return { ...giveUp(context, "drive", `${reason}, but ${CHANGED_NOTHING}`), evidence };
    const action = lookBeside(context, samples[found.keep]!.zUm, umPerLevel);
    if (action !== undefined) {
      return {
        action,
        reason: `${reason}; does the level change at all? try ${signed(action.byUm)} um`,
        evidence,
      };
    }
  }
  if (isLikely && "why" in found.next && found.next.why === "sharp") {
    const action = lookBeyond(context, found);
    if (action !== undefined) {
      const words = `${reason}; what does such content read beyond focus? try ${signed(action.byUm)} um`;
      return { action, reason: words, evidence };
    }
  }
  return { ...stopOrMove(context, found, reason), evidence };
}

/** Sharp is what lies at or below `maxLevel`. */
function decideByLimit(context: StepContext): SiteStep {
  const { search, assessment } = context;
  const { samples } = search;
  search.best = bestByLimit(context);
  const { kind, reason } = assessment;
  if (samples.length === 1 && kind === "mixed") {
    return { end: { decision: "flag", recovered: "unknown", why: "mixed", reason }, reason };
  }
  if (search.best.isSharp) return giveUp(context, "no-better", reason);
  return stopOrMove(context, searchStep(context), reason);
}

/** The controller refocuses by itself, or only acquires again; each frame is judged alone. */
function decideWithoutMoves(context: StepContext, retryWith: "autofocus" | "reacquire"): SiteStep {
  const { search, assessment, attemptsLeft } = context;
  const { reason } = assessment;
  search.best = bestByLimit(context);
  if (search.best.isSharp) return giveUp(context, "no-better", reason);
  const obstacle = obstacleTo(context);
  if (obstacle !== undefined) return giveUp(context, obstacle.why, `${reason}; ${obstacle.words}`);
  if (attemptsLeft === 0) return giveUp(context, "budget", `${reason}; ${STOPS.budget}`);
  return unlessDry(context, { kind: retryWith }, `${reason}; retry with ${retryWith}`);
}

function bestByLimit({ search: { samples }, assessment, rules }: StepContext): BestSample {
  const index = indexToKeep(samples);
  return { index, isSharp: assessment.kind === "sharp" || samples[index]!.level <= rules.maxLevel };
}

function searchStep(context: StepContext): SearchStep {
  const { frame, search, rules, settings, attemptsLeft, prior } = context;
  return nextStep(search.samples, {
    prior: prior(),
    zLimitsUm: limitsOf(settings, frame),
    maxTravelUm: longestPath(context),
    stepsLeft: attemptsLeft,
    // An absolute limit is not met by a probability.
    confidence:
      rules.sharp === "learned" && !isUntried(context) ? settings.confidence : Number.POSITIVE_INFINITY,
  });
}

/**
 * A first frame that reads far from sharp, whatever the run has seemed to show of such content: one site may have taught it wrong. Nor
 * is one sharp that is not even sure of a level over the limit.
 */
function isUntried({ search: { samples }, rules }: StepContext): boolean {
  const { level, certainty } = samples[0]!;
  if (samples.length > 1) return false;
  return level > NEVER_AT_ONCE || (level > rules.maxLevel && isUnsure(certainty));
}

function stopOrMove(context: StepContext, { next }: SearchStep, reason: string): SiteStep {
  const { frame, search, settings } = context;
  const obstacle = obstacleToMove(context, limitsOf(settings, frame));
  const isLimited = !("why" in next) || (next.why === "limits" && !search.best.isSharp);
  if (isLimited && obstacle !== undefined) {
    return giveUp(context, obstacle.why, `${reason}; ${obstacle.words}`);
  }
  if ("why" in next) {
    const words = search.best.isSharp ? reason : `${reason}; ${wordsOf(next.why, context)}`;
    return giveUp(context, next.why, words);
  }
  const action = moveFrom(context, next.toUm);
  if (action?.kind !== "move-z") {
    return giveUp(context, "no-better", `${reason}; the next move would be too small`);
  }
  return unlessDry(context, action, `${reason}; try ${signed(action.byUm)} um`);
}

/** A drive that stands outside the limits is moved nowhere: its user has to learn that the plan and the limits differ. */
function wordsOf(why: StopReason, { frame: { zUm }, frame, settings }: StepContext): string {
  const limits = limitsOf(settings, frame);
  if (why !== "limits" || limits === undefined || zUm === undefined || inside(zUm, limits)) return STOPS[why];
  return `the site lies outside the z limits: it is at ${zUm.toFixed(2)} um, and the limits are ${rangeText(limits)}`;
}

function percent({ search }: StepContext, { keep, inFocus }: SearchStep): string {
  const which =
    keep === search.samples.length - 1 ? "" : `the best so far ${search.samples[keep]!.level.toFixed(2)},`;
  return `${which} in focus with probability ${Math.round(100 * inFocus)} %`.trim();
}

/** The decision on a frame that is judged by itself. */
function decisionAlone(kind: Assessment["kind"]): "accept" | "flag" | "abstain" {
  if (kind === "sharp") return "accept";
  return kind === "blank" || kind === "uncertain" ? "abstain" : "flag";
}

/** A frame that is only watched. A slice of a z-stack is meant to be blurred: it is never flagged by itself. */
export function judgeAlone(frame: FrameMessage, { kind, reason }: Assessment): Judgement {
  const decision = decisionAlone(kind);
  const ends = { keepAttempt: frame.attempt, attemptsLeft: 0, outcomes: [] };
  if (frame.stack === undefined || decision !== "flag") return { decision, ...ends, reason };
  return { decision: "abstain", ...ends, reason: `${reason}; a slice is judged with its z-stack` };
}

function unlessDry(context: StepContext, action: NonNullable<SiteStep["action"]>, reason: string): SiteStep {
  if (!context.settings.dryRun) return { action, reason };
  // A search that was under way when retries were forbidden goes back to the best z that it saw.
  return giveUp(context, "dry-run", `${reason} (dry run: not done)`);
}
