import type { FrameMessage, SiteEndReason, StackVerdict } from "../protocol/messages.js";
import { inside, rangeText } from "../protocol/z-range.js";
import type { FocusPrior } from "./focus-prior.js";
import { obstacleTo } from "./obstacles.js";
import { indexToKeep } from "./search.js";
import { endAt } from "./site-end.js";
import { type Judgement, moveBy, type SiteStep, signed } from "./site-search.js";
import { judgeStack, type Slice, type StackFinding } from "./stack.js";
import type { StepContext } from "./step-context.js";
import { type ChannelRules, limitsOf, maxTravelFor } from "./thresholds.js";

/** What to do after the last slice of a z-stack; the sharpest slice becomes a sample of the search. */
export function decideStackStep(
  context: StepContext,
  slices: readonly Slice[],
): SiteStep & { readonly stack: StackVerdict } {
  const { frame, search, rules } = context;
  const finding = judgeStack(slices, frame.stack?.size, rules, context.prior());
  const { sharpest, verdict } = finding;
  search.samples.push({
    id: sharpest.id,
    attempt: frame.attempt,
    zUm: sharpest.zUm ?? search.askedZUm,
    level: sharpest.level,
    levelSd: sharpest.levelSd,
  });
  const { samples } = search;
  const isSharp = finding.kind === "inside" && finding.isSharp;
  search.best = { index: isSharp ? samples.length - 1 : indexToKeep(samples), isSharp };
  return { ...stepAfter(finding, slices, context), stack: verdict };
}

/** The verdict on a z-stack that is only watched: judged as a whole, and nothing is asked for. */
export function judgeWatchedStack(
  frame: FrameMessage,
  slices: readonly Slice[],
  rules: ChannelRules,
  prior: FocusPrior,
): Judgement {
  const finding = judgeStack(slices, frame.stack?.size, rules, prior);
  const decision =
    finding.kind === "blank" ? "abstain" : finding.kind === "inside" && finding.isSharp ? "accept" : "flag";
  const { verdict: stack, reason } = finding;
  return { decision, keepAttempt: frame.attempt, attemptsLeft: 0, stack, reason, outcomes: [] };
}

function stepAfter(finding: StackFinding, slices: readonly Slice[], context: StepContext): SiteStep {
  const { settings, attemptsLeft } = context;
  const { reason } = finding;
  if (finding.kind === "blank") {
    return { end: { decision: "abstain", recovered: "unknown", why: "blank", reason }, reason };
  }
  if (finding.kind === "inside") return endAtBest(context, "between-slices", reason);
  const obstacle = obstacleTo(context);
  if (obstacle !== undefined) return endAtBest(context, obstacle.why, `${reason}; ${obstacle.words}`);
  if (attemptsLeft === 0) return endAtBest(context, "budget", `${reason}; the retry budget is spent`);
  if (finding.shiftUm === undefined)
    return endAtBest(context, "drive", `${reason}; its slices do not report z`);
  const room = roomOf(slices, context);
  const byUm = shiftWithin(finding.shiftUm, room, context);
  // A stop on the way keeps to the limits, too.
  const action = moveBy(byUm, settings.backlashUm, { zUm: 0, zLimitsUm: room });
  if (action?.kind !== "move-z") return endAtBest(context, "limits", `${reason}; ${noRoom(slices, context)}`);
  const words = `${reason}; move the stack by ${signed(action.byUm)} um`;
  if (!settings.dryRun) return { action, reason: words };
  return endAtBest(context, "dry-run", `${words} (dry run: not done)`);
}

function endAtBest({ search }: StepContext, why: SiteEndReason, reason: string): SiteStep {
  return { end: endAt(search, why, reason), reason };
}

function noRoom(slices: readonly Slice[], { frame, settings }: StepContext): string {
  const z = slices.map(({ zUm }) => zUm!);
  const limits = limitsOf(settings, frame);
  if (limits === undefined || z.every((zUm) => inside(zUm, limits))) {
    return "the limits leave no room to move it";
  }
  const span = rangeText([Math.min(...z), Math.max(...z)]);
  return `it reaches outside the z limits: its slices are at ${span}, and the limits are ${rangeText(limits)}`;
}

/** The shifts with which all slices stay within the limits, um. */
function roomOf(slices: readonly Slice[], { frame, settings }: StepContext): readonly [number, number] {
  const z = slices.map(({ zUm }) => zUm!);
  const [low, high] = limitsOf(settings, frame) ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  return [low - Math.min(...z), high - Math.max(...z)];
}

/** The shift, cut to the room for it and so that all shifts stay within the travel, um. */
function shiftWithin(
  shiftUm: number,
  [low, high]: readonly [number, number],
  { frame, search, rules, settings }: StepContext,
): number {
  const usedUm = search.actions.reduce(
    (sum, action) => sum + (action.kind === "move-z" ? Math.abs(action.byUm) : 0),
    0,
  );
  const leftUm = Math.max(0, maxTravelFor(settings, rules, frame) - usedUm);
  const allowed = Math.min(Math.max(shiftUm, low, -leftUm), high, leftUm);
  // Limits that the stack already leaves allow no shift at all.
  return Math.sign(allowed) === Math.sign(shiftUm) ? allowed : 0;
}
