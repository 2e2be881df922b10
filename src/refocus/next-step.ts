import type { FrameMessage, SiteEndReason } from "../protocol/messages.js";
import type { FocusPrior } from "./focus-belief.js";
import { indexToKeep, nextStep, type StopReason } from "./search.js";
import { moveBy, type SiteEnd, type SiteSample, type SiteSearch, type SiteStep } from "./site-search.js";
import type { Assessment, ChannelRules, PolicySettings } from "./thresholds.js";

/** What the decision on one frame of a site rests on. */
export interface StepContext {
  readonly frame: FrameMessage;
  readonly search: SiteSearch;
  readonly assessment: Assessment;
  readonly rules: ChannelRules;
  readonly settings: PolicySettings;
  readonly attemptsLeft: number;
  readonly prior: () => FocusPrior;
  /** A frame that is accepted but above this level is refocused, too. */
  readonly sharpLevel: number;
  /** Asked before a search begins: why none is to begin at present, if so. */
  readonly coolingDown: () => string | undefined;
}

/** Something that forbids a retry, and its words. */
export interface Obstacle {
  readonly why: SiteEndReason;
  readonly words: string;
}

const STOPS: Readonly<Record<StopReason, string>> = {
  budget: "the retry budget is spent",
  limits: "the z limits or the travel limit are reached",
  "no-better": "no other z within the limits is likely to be sharper",
};

/** Two frames closer than this many levels would show the same. */
const MIN_STEP_LEVELS = 0.5;
/** About a frame that is accepted, levels change little with z: only a longer step tells the sides apart. */
const MIN_REFINING_STEP_LEVELS = 0.6;
/** Once a frame is accepted, the search goes on only for a gain of so many levels. */
const MIN_REFINING_GAIN = 0.15;

/** A move counts as not made if the drive reports less than this share of it. */
const STUCK_SHARE = 0.2;

/** What to do after a frame of a site, which is the last sample of its search. */
export function decideStep(context: StepContext): SiteStep {
  const { frame, search, assessment, rules, settings, attemptsLeft, sharpLevel } = context;
  const { samples } = search;
  const here = samples.length - 1;
  const best = indexToKeep(samples);
  const { level } = samples[here]!;
  const { kind } = assessment;
  const isToRefine = kind === "sharp" && level > sharpLevel && rules.retryWith === "move-z";
  if (here === 0 && kind !== "blurred" && !isToRefine) {
    const recovered = kind === "sharp" ? "not-needed" : "unknown";
    const { reason } = assessment;
    return { end: { decision: decisionAlone(kind), recovered, keep: here, why: kind, reason }, reason };
  }
  if (kind === "sharp" && !isToRefine && best === here) {
    const { reason } = assessment;
    return { end: { decision: "accept", recovered: "yes", keep: here, why: "sharp", reason }, reason };
  }
  const reason = isToRefine
    ? `${assessment.reason}, but this run should get to ${sharpLevel.toFixed(1)}`
    : assessment.reason;
  if (kind === "unusable") return giveUp(context, best, "unusable", reason);
  const obstacle = obstacleTo(context);
  if (obstacle !== undefined) {
    return giveUp(context, best, obstacle.why, `${reason}; ${obstacle.words}`);
  }
  if (rules.retryWith !== "move-z") {
    if (attemptsLeft === 0) return giveUp(context, best, "budget", `${reason}; ${STOPS.budget}`);
    return unlessDry(context, { kind: rules.retryWith }, `${reason}; retry with ${rules.retryWith}`);
  }
  const zLimitsUm = limitsOf(settings, frame);
  if (zLimitsUm !== undefined && frame.zUm === undefined) {
    return giveUp(
      context,
      here,
      "drive",
      `${reason}; no move: there are z limits, but the frame does not report z`,
    );
  }
  const step = nextStep(samples, {
    prior: context.prior(),
    maxLevel: rules.maxLevel,
    zLimitsUm,
    // Each move so far, the next one and the way back may go by way of the stop against backlash.
    maxTravelUm: settings.maxTravelUm - 2 * Math.abs(settings.backlashUm) * (samples.length + 1),
    stepsLeft: attemptsLeft,
    minStepLevels: samples[best]!.isSharp ? MIN_REFINING_STEP_LEVELS : MIN_STEP_LEVELS,
  });
  if (step.kind === "stop") return giveUp(context, best, step.why, `${reason}; ${STOPS[step.why]}`);
  if (here > 0 && samples[best]!.isSharp && step.gain < MIN_REFINING_GAIN) {
    return giveUp(context, best, "no-better", `${reason}; ${STOPS["no-better"]}`);
  }
  const action = moveFrom(context, step.toUm);
  if (action?.kind !== "move-z") {
    return giveUp(context, best, "no-better", `${reason}; the next move would be too small`);
  }
  return unlessDry(context, action, `${reason}; try ${signed(action.byUm)} um`);
}

/** The decision on a frame that is judged by itself. */
export function decisionAlone(kind: Assessment["kind"]): "accept" | "flag" | "abstain" {
  if (kind === "sharp") return "accept";
  return kind === "blank" || kind === "uncertain" ? "abstain" : "flag";
}

export function signed(um: number): string {
  return `${um > 0 ? "+" : ""}${um}`;
}

/** The narrower of the limits that are configured and those of the controller, um. */
export function limitsOf(
  { zLimitsUm: configured }: PolicySettings,
  { zLimitsUm: reported }: FrameMessage,
): readonly [number, number] | undefined {
  if (configured === undefined || reported === undefined) return configured ?? reported;
  return [Math.max(configured[0], reported[0]), Math.min(configured[1], reported[1])];
}

/** What forbids a retry, in words. */
export function obstacleTo({
  frame,
  search,
  coolingDown,
}: Pick<StepContext, "frame" | "search" | "coolingDown">): Obstacle | undefined {
  const lock = lockObstacle(frame);
  if (lock !== undefined) return lock;
  if (search.samples.length === 1) {
    const words = coolingDown();
    return words === undefined ? undefined : { why: "cool-down", words };
  }
  return frame.stack === undefined ? stuckDrive(search, frame) : undefined;
}

/** A focus lock that no move may be made with. */
function lockObstacle({ focusLock }: FrameMessage): Obstacle | undefined {
  if (focusLock?.state === "lost") return { why: "lock", words: "the focus lock was lost, nothing is moved" };
  if (focusLock?.state === "engaged" && focusLock.moves === "none") {
    return { why: "lock", words: "a focus lock is engaged and the controller has no way to move with it" };
  }
  return undefined;
}

/** A drive that twice did not go where it was told will not the third time. */
function stuckDrive({ samples, actions }: SiteSearch, frame: FrameMessage): Obstacle | undefined {
  if (frame.zSource !== "measured") return undefined;
  const stuck = actions.map((action, i) => {
    const movedUm = (samples[i + 1]?.zUm ?? Number.NaN) - samples[i]!.zUm;
    return action.kind === "move-z" && Math.abs(movedUm) < STUCK_SHARE * Math.abs(action.byUm);
  });
  if (!stuck.at(-1) || !stuck.at(-2)) return undefined;
  const action = actions.at(-1);
  const asked = action?.kind === "move-z" ? signed(action.byUm) : "";
  const movedUm = samples.at(-1)!.zUm - samples.at(-2)!.zUm;
  return {
    why: "drive",
    words: `the focus drive does not move as told (asked ${asked} um, moved ${movedUm.toFixed(2)} um)`,
  };
}

function unlessDry(context: StepContext, action: NonNullable<SiteStep["action"]>, reason: string): SiteStep {
  if (!context.settings.dryRun) return { action, reason };
  // A search that was under way when retries were forbidden goes back to the best z that it saw.
  return giveUp(context, indexToKeep(context.search.samples), "dry-run", `${reason} (dry run: not done)`);
}

/** Ends the search at the best z seen. */
function giveUp(context: StepContext, keep: number, why: SiteEndReason, reason: string): SiteStep {
  const { samples } = context.search;
  const mayMove = lockObstacle(context.frame) === undefined;
  const action = mayMove ? moveFrom(context, samples[keep]!.zUm) : undefined;
  const words =
    action?.kind === "move-z" ? `${reason}; back by ${signed(action.byUm)} um to the best z` : reason;
  const end = endAt(context.search, keep, why, words);
  return { end, ...(action !== undefined && { action }), reason: words };
}

/** The end of a search at one of its frames: a success if that one is accepted, however the search ended. */
export function endAt({ samples }: SiteSearch, keep: number, why: SiteEndReason, reason: string): SiteEnd {
  if (!samples[keep]!.isSharp) return { decision: "flag", recovered: "no", keep, why, reason };
  return { decision: "accept", recovered: keep === 0 ? "not-needed" : "yes", keep, why: "sharp", reason };
}

function moveFrom({ search: { samples }, settings, frame }: StepContext, toUm: number) {
  const here: SiteSample = samples.at(-1)!;
  return moveBy(toUm - here.zUm, settings.backlashUm, {
    zUm: here.zUm,
    zLimitsUm: limitsOf(settings, frame),
  });
}
