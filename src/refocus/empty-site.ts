/**
 * Sites whose frames show nothing, or look as if they did: empty, or so far out of focus that nothing is left, or of a kind that the
 * model does not know.
 * @module
 */
import { lookAt, lookBeside } from "./looks.js";
import { APPEARED, contrastOver } from "./search.js";
import { giveUp } from "./site-end.js";
import { LOST, type SiteSample, type SiteStep, signed } from "./site-search.js";
import { rangeOf, type StepContext } from "./step-context.js";
import { umPerLevelFor } from "./thresholds.js";
import { hasResponded, provesNoResponse, RESPONSE_SPAN_LEVELS } from "./unresponsive-drive.js";

/** A frame that shows nothing is no reason for a look at a plane that is nearer than this, levels. */
const ELSEWHERE_LEVELS = 1.25;
/** Where nothing of a run was in focus yet, a frame that shows nothing leads to a look this far above and below, levels. */
const AROUND_LEVELS = 9;
/** Of frames whose levels differ by this much, one is far blurrier. */
const FAR_LEVELS = 2;
/** Faint structure that no frame shows is told by this much more contrast. */
const FAINTLY = 1.05;

const NOWHERE = "neither here nor above or below";

/**
 * An empty field, or one so far out of focus that nothing is left of it. Where the sites around are in focus elsewhere, one
 * frame is taken there; where none of the run was in focus yet, one above and one below. A site that is blank there, too, is empty.
 */
export function lookElsewhere(context: StepContext): SiteStep {
  const { search, assessment } = context;
  const { samples } = search;
  const { reason } = assessment;
  const { umPerLevel, positive } = context.prior();
  const isAround = context.mayLookAround();
  const guessUm = context.guessUm();
  const firstUm = samples[0]!.zUm;
  const aroundUm = (positive >= 0.5 ? 1 : -1) * AROUND_LEVELS * umPerLevel;
  const places = isAround
    ? [firstUm + aroundUm, firstUm - aroundUm]
    : guessUm !== undefined && samples.length === 1
      ? [guessUm]
      : [];
  const [low, high] = rangeOf(context);
  for (const placeUm of places) {
    const zUm = Math.min(high, Math.max(low, placeUm));
    if (samples.some((sample) => Math.abs(sample.zUm - zUm) < ELSEWHERE_LEVELS * umPerLevel)) continue;
    const action = lookAt(context, zUm);
    if (action === undefined) continue;
    samples[0] = { ...samples[0]!, ...LOST };
    const why = isAround
      ? "nothing of this run was in focus yet"
      : "the sites around it are in focus elsewhere";
    return { action, reason: `${reason}; ${why}, try ${signed(action.byUm)} um` };
  }
  if (samples.length === 1) return endAsBlank(context, reason);
  if (samples.length > 2) return endAsBlank(context, `${reason}, ${NOWHERE}`);
  if (contrastOver(samples[1]!, samples[0]!) >= FAINTLY) search.best = { index: 1, isSharp: false };
  return endAsBlank(context, `${reason}, neither here nor at ${samples[1]!.zUm.toFixed(1)} um`);
}

/**
 * A site whose frames all look empty is empty, whatever levels they were given: once nothing better is to be had, or the level
 * has not changed with the moves. A level that fell to that of a sharp frame is none of an empty field, and neither is one that
 * fell while contrast rose.
 */
export function unlessEmpty(context: StepContext, step: SiteStep): SiteStep {
  const { search, assessment, rules, settings } = context;
  const { samples } = search;
  if (!samples.every(({ looksEmpty }) => looksEmpty)) return step;
  if (hasAppeared(samples, search.best.index)) return step;
  const seen = samples.filter(({ isBlank }) => !isBlank);
  const { index, isSharp } = search.best;
  if (isSharp && samples[index]!.level <= rules.maxLevel && hasResponded(seen)) return step;
  // A frame that shows nothing at all has no level that could have changed.
  const levels = samples.map((sample) => (sample.isBlank ? { ...sample, level: seen[0]!.level } : sample));
  const umPerLevel = umPerLevelFor(rules, settings.optics, search.first);
  const isProven = provesNoResponse(levels, umPerLevel);
  if (step.end === undefined && !isProven) return farEnough(context, step, levels, umPerLevel);
  search.best = { index: 0, isSharp: false };
  const { reason } = assessment;
  return endAsBlank(context, samples.length > 1 ? `${reason}, ${NOWHERE}` : reason);
}

/** Where two frames show nothing and read alike, a third is to prove it: the next is taken far enough from the first. */
function farEnough(
  context: StepContext,
  step: SiteStep,
  levels: readonly SiteSample[],
  umPerLevel: number,
): SiteStep {
  if (levels.length < 2 || hasResponded(levels) || step.action?.kind !== "move-z") return step;
  const firstUm = levels[0]!.zUm;
  if (Math.abs(levels.at(-1)!.zUm + step.action.byUm - firstUm) >= RESPONSE_SPAN_LEVELS * umPerLevel)
    return step;
  const action = lookBeside(context, firstUm, umPerLevel);
  if (action === undefined) return step;
  return {
    ...step,
    action,
    reason: `${context.assessment.reason}; is there anything? try ${signed(action.byUm)} um`,
  };
}

/** Whether the best frame shows more than one that is far blurrier, and as much as any other. */
function hasAppeared(samples: readonly SiteSample[], index: number): boolean {
  const best = samples[index]!;
  return (
    samples.every((other) => contrastOver(other, best) < FAINTLY) &&
    samples.some((other) => other.level - best.level >= FAR_LEVELS && contrastOver(best, other) >= APPEARED)
  );
}

/** The end of a site at its best frame, where there is nothing to judge. */
function endAsBlank(context: StepContext, reason: string): SiteStep {
  const step = giveUp(context, "blank", reason);
  return { ...step, end: { decision: "abstain", recovered: "unknown", why: "blank", reason: step.reason } };
}
