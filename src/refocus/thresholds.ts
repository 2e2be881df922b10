import { binningFor, cautiousBinningFor, fittingBinning, oversamplingOf } from "../focus/binning.js";
import type { FocusReport } from "../focus/report.js";
import { micrometresPerLevelRead } from "../optics/micrometres-per-level.js";
import { type Optics, REFERENCE_OPTICS } from "../optics/point-spread-function.js";
import type { FrameMessage, RuleValues } from "../protocol/messages.js";

/** Path that a search may take by default, levels; and the least and the most of it, um. */
const TRAVEL_LEVELS = 50;
export const LEAST_TRAVEL_UM = 100;
const MOST_TRAVEL_UM = 300;

/** What decides how fast a frame blurs with defocus. */
export interface FocusOptics {
  /** Numerical aperture of the objective. */
  readonly na: number;
  /** Refractive index of the immersion medium. */
  readonly refractiveIndex: number;
  /** Side of a pixel in the sample, um. */
  readonly pixelUm: number;
  /** Pixels a side that are judged as one. If missing, it follows from aperture and pixel size. */
  readonly binning?: number | undefined;
}

/** How a retry is made: by the level-guided search, or left to the controller and verified. */
export type RetryWith = "move-z" | "autofocus" | "reacquire";

/**
 * What counts as sharp. `learned`: as sharp as this content gets, which the moves and the run show. `absolute`: at or
 * below `maxLevel`.
 */
export type Sharp = "learned" | "absolute";

/** Which plane of focus counts where a frame shows several. */
export type Plane = "majority" | "sharpest";

/** What may differ from channel to channel. */
export interface ChannelRules {
  /** A frame that is judged alone, or by an absolute limit, is sharp enough at or below this level, 0 to 10. */
  readonly maxLevel: number;
  /** A frame that is judged alone, or by an absolute limit, is not judged below this aggregate certainty, 0 to 1. */
  readonly minCertainty: number;
  readonly sharp: Sharp;
  readonly plane: Plane;
  /** Most frames taken again for one site. */
  readonly retries: number;
  readonly retryWith: RetryWith;
  /** Defocus per level, um. If missing, it follows from the optics. */
  readonly umPerLevel?: number | undefined;
}

/** The rules for channels that are not named, those for the named ones, and the bounds of the search. */
export interface PolicySettings extends ChannelRules {
  readonly channels: Readonly<
    Record<string, { readonly [K in keyof ChannelRules]?: ChannelRules[K] | undefined }>
  >;
  /** Assumed where a frame does not say. */
  readonly optics: FocusOptics;
  readonly firstSide: "positive" | "negative";
  /** If missing: see `maxTravelFor`. */
  readonly maxTravelUm?: number | undefined;
  readonly zLimitsUm?: readonly [number, number] | undefined;
  /** If not 0, the drive arrives moving this way, from this far, um: against backlash. */
  readonly backlashUm: number;
  /** A first frame that is in focus with this probability ends its site, 0 to 1; after a move, two fifths of the doubt may be left. */
  readonly confidence: number;
  /** Whether the first searches of a run take one frame beyond focus, for the sake of the sites after them. */
  readonly lookBeyond: boolean;
  /** Most frames taken again in one run; no limit if missing. */
  readonly runRetries?: number | undefined;
  /** After so many searches of a channel in a row in which moving changed nothing, a site is probed with one frame only. */
  readonly coolDown: { readonly afterFailures: number };
  /** Say where focus is expected at the next site. */
  readonly suggest: boolean;
  /** Say what would be done, and do nothing. */
  readonly dryRun: boolean;
}

export type Assessment =
  | { readonly kind: "sharp" | "blurred"; readonly reason: string }
  /** The frame cannot be judged; refocusing on it would be hunting. */
  | { readonly kind: "mixed" | "unusable" | "blank" | "uncertain"; readonly reason: string };

/** The rules of one channel. */
export function rulesFor(settings: PolicySettings, channel: string | undefined): ChannelRules {
  const own =
    channel !== undefined && Object.hasOwn(settings.channels, channel) ? settings.channels[channel] : {};
  return {
    maxLevel: own?.maxLevel ?? settings.maxLevel,
    minCertainty: own?.minCertainty ?? settings.minCertainty,
    sharp: own?.sharp ?? settings.sharp,
    plane: own?.plane ?? settings.plane,
    retries: own?.retries ?? settings.retries,
    retryWith: own?.retryWith ?? settings.retryWith,
    umPerLevel: own?.umPerLevel ?? settings.umPerLevel,
  };
}

/** The thresholds of one channel, without the rest of its rules. */
export function ruleValuesFor(settings: PolicySettings, channel: string | undefined): RuleValues {
  return valuesOf(rulesFor(settings, channel));
}

export function valuesOf({ maxLevel, minCertainty }: ChannelRules): RuleValues {
  return { maxLevel, minCertainty };
}

/** Level of a frame, 0 to 10, by the plane of focus that counts. */
export function levelOf(
  report: Pick<FocusReport, "expectedLevel" | "sharpestLevel">,
  { plane }: Pick<ChannelRules, "plane">,
): number {
  return plane === "sharpest" ? report.sharpestLevel : report.expectedLevel;
}

/** Judges one frame on its own, without regard to what was seen before. @param frameLevel see `levelOf`. */
export function assess(
  report: Pick<FocusReport, "condition" | "conditionReason" | "aggregateCertainty">,
  frameLevel: number,
  rules: Pick<ChannelRules, "maxLevel" | "minCertainty">,
): Assessment {
  const level = apart(frameLevel, rules.maxLevel);
  if (report.condition === "unusable") {
    return { kind: "unusable", reason: `unusable: ${report.conditionReason ?? "not fit to be judged"}` };
  }
  if (report.condition === "blank") return { kind: "blank", reason: "blank: nothing to judge" };
  if (report.condition === "mixed") {
    return {
      kind: "mixed",
      reason: `mixed: parts of the frame are sharp and parts are not (level ${level})`,
    };
  }
  // A certainty that is not a number is none.
  if (!(report.aggregateCertainty >= rules.minCertainty)) {
    const certainty = apart(report.aggregateCertainty, rules.minCertainty);
    return { kind: "uncertain", reason: `certainty ${certainty} is below ${rules.minCertainty}` };
  }
  return frameLevel <= rules.maxLevel
    ? { kind: "sharp", reason: `level ${level} is within ${rules.maxLevel}` }
    : { kind: "blurred", reason: `level ${level} is above ${rules.maxLevel}` };
}

/** A value with two digits, or as many as it takes to tell it from its limit: "1.253 is above 1.25". */
function apart(value: number, limit: number): string {
  const texts = [2, 3, 4, 5].map((digits) => value.toFixed(digits));
  return texts.find((text) => Number(text) !== limit || value === limit) ?? String(value);
}

/** What a frame tells of its optics and size. */
interface StatedOptics {
  /** Rows, columns, px. */
  readonly shape: readonly [number, number];
  readonly optics?: { readonly na: number; readonly refractiveIndex?: number | undefined } | undefined;
  readonly pixelUm?: number | undefined;
}

/**
 * How many pixels a side of a frame are to be judged as one: as configured, else by the optics; 1 where nobody has said aperture and pixel size: neither the
 * frame nor the settings.
 */
export function binningOf(assumed: FocusOptics, frame: StatedOptics): number {
  const [height, width] = frame.shape;
  if (assumed.binning !== undefined) return fittingBinning({ width, height }, assumed.binning);
  if (!areStated(assumed, frame)) return 1;
  return fittingBinning({ width, height }, cautiousBinningFor(opticsOf(assumed, frame)));
}

/** Whether anybody has said aperture and pixel size. */
function areStated(assumed: FocusOptics, frame: StatedOptics): boolean {
  const isDefault = ({ numericalAperture, pixelUm }: Optics) =>
    assumed.na === numericalAperture && assumed.pixelUm === pixelUm;
  return (frame.optics !== undefined && frame.pixelUm !== undefined) || !isDefault(REFERENCE_OPTICS);
}

function opticsOf(assumed: FocusOptics, frame: Omit<StatedOptics, "shape">) {
  return {
    numericalAperture: frame.optics?.na ?? assumed.na,
    refractiveIndex: frame.optics?.refractiveIndex ?? (frame.optics ? 1 : assumed.refractiveIndex),
    pixelUm: frame.pixelUm ?? assumed.pixelUm,
  };
}

/** The narrower of the limits that are configured and those of the controller, um. */
export function limitsOf(
  { zLimitsUm: configured }: PolicySettings,
  { zLimitsUm: reported }: FrameMessage,
): readonly [number, number] | undefined {
  if (configured === undefined || reported === undefined) return configured ?? reported;
  return [Math.max(configured[0], reported[0]), Math.min(configured[1], reported[1])];
}

/** Longest path of the focus drive for one site, um: a low-power objective needs a longer one to reach as many levels. */
export function maxTravelFor(settings: PolicySettings, rules: ChannelRules, frame: StatedOptics): number {
  if (settings.maxTravelUm !== undefined) return settings.maxTravelUm;
  const wanted = TRAVEL_LEVELS * umPerLevelFor(rules, settings.optics, frame);
  return Math.min(MOST_TRAVEL_UM, Math.max(LEAST_TRAVEL_UM, wanted));
}

/** Defocus per level for one frame, um: the configured one, else from the optics it reports, else the assumed ones. */
export function umPerLevelFor(rules: ChannelRules, assumed: FocusOptics, frame: StatedOptics): number {
  if (rules.umPerLevel !== undefined) return rules.umPerLevel;
  const optics = opticsOf(assumed, frame);
  return micrometresPerLevelRead({ ...optics, pixelUm: binningOf(assumed, frame) * optics.pixelUm });
}

/** How much finer a frame is sampled as it is judged than the stated optics want; 1 where nothing is stated. */
export function oversamplingFor(rules: ChannelRules, assumed: FocusOptics, frame: StatedOptics): number {
  const isGiven = rules.umPerLevel !== undefined || assumed.binning !== undefined;
  if (isGiven || !areStated(assumed, frame)) return 1;
  const optics = opticsOf(assumed, frame);
  // No coarser than these optics are ever judged: a level is not more than that.
  const coarsest = Math.min(oversamplingOf(optics), binningFor(optics));
  return Math.max(1, coarsest / binningOf(assumed, frame));
}
