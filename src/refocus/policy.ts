import type { FocusReport } from "../focus/report.js";
import { BoundedMap } from "../protocol/bounded-map.js";
import type { Action, FrameMessage, OutcomeMessage } from "../protocol/messages.js";
import { indexToKeep, MIN_GAIN_LEVELS, nextStep, sideOf } from "./search.js";
import {
  type Judgement,
  moveBy,
  outcomeOf,
  type SiteEnd,
  type SiteSample,
  type SiteSearch,
  startSearch,
} from "./site-search.js";
import {
  type Assessment,
  assess,
  type ChannelRules,
  type PolicySettings,
  rulesFor,
  umPerLevelFor,
} from "./thresholds.js";

/** Sites that may be under search, or whose side is remembered, at a time. */
const MAX_SITES = 10_000;

/** Assumed of a frame that came after a move and shows nothing: the move went far out of focus. */
const LOST_LEVEL = 10;

/**
 * From reports to decisions. Remembers the sites under search and the side that each site and channel needed last;
 * does no I/O and reads no clock.
 */
export class RefocusPolicy {
  readonly #settings: PolicySettings;
  readonly #searches = new BoundedMap<string, SiteSearch>(MAX_SITES);
  readonly #sides = new BoundedMap<string, 1 | -1>(MAX_SITES);

  constructor(settings: PolicySettings) {
    this.#settings = settings;
  }

  /** Judges one frame. Frames in `observe` mode are judged on their own and never lead to an action. */
  judge(frame: FrameMessage, report: FocusReport): Judgement {
    const rules = rulesFor(this.#settings, frame.channel);
    const assessment = assess(report, rules);
    if (frame.mode === "observe") {
      const { kind, reason } = assessment;
      const attempts = { keepAttempt: frame.attempt, attemptsLeft: 0 };
      return { decision: decisionAlone(kind), ...attempts, reason, outcomes: [] };
    }
    const outcomes: OutcomeMessage[] = [];
    const search = this.#searchFor(frame, outcomes);
    const isFirst = search.samples.length === 0;
    const isLost = !isFirst && (assessment.kind === "blank" || assessment.kind === "uncertain");
    search.samples.push({
      id: frame.id,
      attempt: frame.attempt,
      zUm: frame.zUm ?? search.askedZUm,
      level: isLost ? LOST_LEVEL : report.expectedLevel,
    });
    const used = Math.max(frame.attempt, search.samples.length - 1);
    const attemptsLeft = Math.max(0, rules.retries - used);
    const step = this.#step(frame, search, assessment, rules, attemptsLeft);
    const keep = step.end?.keep ?? indexToKeep(search.samples);
    const here = search.samples.at(-1)!;
    if (step.action !== undefined) search.actions.push(step.action);
    if (step.end === undefined) {
      search.askedZUm = here.zUm + (step.action?.kind === "move-z" ? step.action.byUm : 0);
      const evicted = this.#searches.set(keyOf(frame), search);
      if (evicted !== undefined) outcomes.push(unfinished(evicted[1], "too many sites are under search"));
    } else {
      this.#searches.delete(keyOf(frame));
      this.#remember(frame, search, step.end);
      outcomes.push(outcomeOf(search, step.end));
    }
    return {
      decision: step.end?.decision ?? "retry",
      ...(step.action !== undefined && { action: step.action }),
      keepAttempt: search.samples[keep]!.attempt,
      attemptsLeft: step.end === undefined ? attemptsLeft - 1 : attemptsLeft,
      reason: step.reason,
      outcomes,
    };
  }

  /** The controller goes on without a verdict for this frame: its site, if under search, ends unfinished. */
  abandon(frame: FrameMessage, why: string): OutcomeMessage | undefined {
    const search = this.#searches.get(keyOf(frame));
    if (search === undefined) return undefined;
    this.#searches.delete(keyOf(frame));
    return unfinished(search, why);
  }

  /** Ends all searches, or those of one session, unfinished. */
  forget(session: string | undefined, why: string): OutcomeMessage[] {
    const outcomes: OutcomeMessage[] = [];
    for (const [key, search] of [...this.#searches.entries()]) {
      if (session !== undefined && search.first.session !== session) continue;
      this.#searches.delete(key);
      outcomes.push(unfinished(search, why));
    }
    return outcomes;
  }

  #searchFor(frame: FrameMessage, outcomes: OutcomeMessage[]): SiteSearch {
    const known = this.#searches.get(keyOf(frame));
    if (known !== undefined && frame.attempt > 0) return known;
    if (known !== undefined) outcomes.push(unfinished(known, "the site was started anew"));
    return startSearch(frame);
  }

  #step(
    frame: FrameMessage,
    search: SiteSearch,
    assessment: Assessment,
    rules: ChannelRules,
    attemptsLeft: number,
  ): { end?: SiteEnd; action?: Action; reason: string } {
    const { samples } = search;
    const here = samples.length - 1;
    const { kind, reason } = assessment;
    if (here === 0 && kind !== "blurred") {
      const recovered = kind === "sharp" ? "not-needed" : "unknown";
      return { end: { decision: decisionAlone(kind), recovered, keep: here, reason }, reason };
    }
    if (kind === "sharp" && samples[0]!.level - samples[here]!.level >= MIN_GAIN_LEVELS) {
      return { end: { decision: "accept", recovered: "yes", keep: here, reason }, reason };
    }
    if (kind === "unusable") return this.#giveUp(samples, indexToKeep(samples), reason);
    if (rules.retryWith !== "move-z") {
      if (attemptsLeft === 0) {
        return this.#giveUp(samples, indexToKeep(samples), `${reason}; the retry budget is spent`);
      }
      return this.#unlessDry(samples, { kind: rules.retryWith }, `${reason}; retry with ${rules.retryWith}`);
    }
    const zLimitsUm = narrowest(this.#settings.zLimitsUm, frame.zLimitsUm);
    if (zLimitsUm !== undefined && frame.zUm === undefined) {
      const why = "no move: there are z limits, but the frame does not report z";
      return this.#giveUp(samples, here, `${reason}; ${why}`);
    }
    const step = nextStep(samples, {
      umPerLevel: umPerLevelFor(rules, this.#settings.optics, frame),
      firstSide: this.#firstSide(frame),
      zLimitsUm,
      maxTravelUm: this.#settings.maxTravelUm,
      stepsLeft: attemptsLeft,
    });
    if (step.kind === "stop") return this.#giveUp(samples, step.keep, `${reason}; ${step.why}`);
    const action = moveBy(step.toUm - samples[here]!.zUm);
    if (action?.kind !== "move-z") {
      return this.#giveUp(samples, indexToKeep(samples), `${reason}; the next move would be too small`);
    }
    return this.#unlessDry(samples, action, `${reason}; try ${signed(action.byUm)} um`);
  }

  #unlessDry(samples: readonly SiteSample[], action: Action, reason: string) {
    if (!this.#settings.dryRun) return { action, reason };
    const why = `${reason} (dry run: not done)`;
    return {
      end: { decision: "flag", recovered: "no", keep: samples.length - 1, reason: why },
      reason: why,
    } as const;
  }

  /** Ends the search at the best z seen. */
  #giveUp(samples: readonly SiteSample[], keep: number, reason: string) {
    const action = moveBy(samples[keep]!.zUm - samples.at(-1)!.zUm);
    const why =
      action?.kind === "move-z" ? `${reason}; back by ${signed(action.byUm)} um to the best z` : reason;
    const end: SiteEnd = { decision: "flag", recovered: "no", keep, reason: why };
    return { end, ...(action !== undefined && { action }), reason: why };
  }

  #firstSide(frame: FrameMessage): 1 | -1 {
    const remembered = this.#sides.get(keyOf(frame)) ?? this.#sides.get(channelKeyOf(frame));
    return remembered ?? (this.#settings.firstSide === "positive" ? 1 : -1);
  }

  #remember(frame: FrameMessage, { samples }: SiteSearch, { keep }: SiteEnd): void {
    const side = sideOf(samples, keep);
    if (side === undefined) return;
    this.#sides.set(keyOf(frame), side);
    this.#sides.set(channelKeyOf(frame), side);
  }
}

function decisionAlone(kind: Assessment["kind"]): "accept" | "flag" | "abstain" {
  if (kind === "sharp") return "accept";
  return kind === "blank" || kind === "uncertain" ? "abstain" : "flag";
}

function unfinished(search: SiteSearch, why: string): OutcomeMessage {
  const keep = indexToKeep(search.samples);
  return outcomeOf(search, { decision: "retry", recovered: "unknown", keep, reason: why });
}

function narrowest(
  a: readonly [number, number] | undefined,
  b: readonly [number, number] | undefined,
): readonly [number, number] | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return [Math.max(a[0], b[0]), Math.min(a[1], b[1])];
}

function keyOf({ session, site, channel }: FrameMessage): string {
  return JSON.stringify([session, site.plate, site.well, site.name, channel]);
}

function channelKeyOf({ session, channel }: FrameMessage): string {
  return JSON.stringify([session, channel]);
}

function signed(um: number): string {
  return `${um > 0 ? "+" : ""}${um}`;
}
