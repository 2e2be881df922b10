/**
 * Sites whose frames show nothing, or look as if they did: empty, or so far out of focus that nothing is left, or of a kind that the
 * model does not know.
 * @module
 */
import { lookAt } from "./looks.js";
import { giveUp } from "./site-end.js";
import { LOST, type SiteSample, type SiteStep, signed } from "./site-search.js";
import { rangeOf, type StepContext } from "./step-context.js";
import { umPerLevelFor } from "./thresholds.js";
import { hasResponded, provesNoResponse } from "./unresponsive-drive.js";

/** A frame that shows nothing is no reason for a look at a plane that is nearer than this, levels. */
const ELSEWHERE_LEVELS = 1.25;
/** Of frames whose levels differ by this much, one is far blurrier. */
const FAR_LEVELS = 2;
/** Something comes into focus where contrast rises by this factor towards the lower level: light and grain change it by less. */
const APPEARED = 1.15;
/** Faint structure that no frame shows is told by this much more contrast. */
const FAINTLY = 1.05;

/**
 * An empty field, or one so far out of focus that nothing is left of it. Where the sites around are in focus elsewhere, one
 * frame is taken there; a site that is blank there, too, is empty.
 */
export function lookWhereOthersAre(context: StepContext): SiteStep {
  const { search, assessment } = context;
  const { reason } = assessment;
  if (search.samples.length > 1) {
    if (contrastOver(search.samples[1]!, search.samples[0]!) >= FAINTLY) {
      search.best = { index: 1, isSharp: false };
    }
    return endAsBlank(context, `${reason}, neither here nor where the sites around it are in focus`);
  }
  const nothing = endAsBlank(context, reason);
  const { expected, umPerLevel } = context.prior();
  const zUm = search.samples[0]!.zUm;
  if (expected === undefined || Math.abs(expected.zUm - zUm) < ELSEWHERE_LEVELS * umPerLevel) return nothing;
  const [low, high] = rangeOf(context);
  const action = lookAt(context, Math.min(high, Math.max(low, expected.zUm)));
  if (action === undefined) return nothing;
  search.samples[0] = { ...search.samples[0]!, ...LOST };
  return {
    action,
    reason: `${reason}; the sites around it are in focus elsewhere, try ${signed(action.byUm)} um`,
  };
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
  const isProven = provesNoResponse(levels, umPerLevelFor(rules, settings.optics, search.first));
  if (step.end === undefined && !isProven) return step;
  search.best = { index: 0, isSharp: false };
  const { reason } = assessment;
  return endAsBlank(context, samples.length > 1 ? `${reason}, neither here nor above or below` : reason);
}

/** Whether the best frame shows more than one that is far blurrier, and as much as any other. */
function hasAppeared(samples: readonly SiteSample[], index: number): boolean {
  const best = samples[index]!;
  return (
    samples.every((other) => contrastOver(other, best) < FAINTLY) &&
    samples.some((other) => other.level - best.level >= FAR_LEVELS && contrastOver(best, other) >= APPEARED)
  );
}

/** Contrast of one frame over that of another of its site; 0 where it is not known. */
function contrastOver(one: SiteSample, other: SiteSample): number {
  return one.contrast === undefined || !other.contrast ? 0 : one.contrast / other.contrast;
}

/** The end of a site at its best frame, where there is nothing to judge. */
function endAsBlank(context: StepContext, reason: string): SiteStep {
  const step = giveUp(context, "blank", reason);
  return { ...step, end: { decision: "abstain", recovered: "unknown", why: "blank", reason: step.reason } };
}
