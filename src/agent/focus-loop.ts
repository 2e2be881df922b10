import { isParfocalError, reasonOf } from "../errors.js";
import type { FocusReport } from "../focus/report.js";
import type { FrameScorer } from "../focus/scorer-types.js";
import { pixelTypeOf } from "../frames/frame.js";
import { withoutUndefined } from "../frames/micro-manager-metadata.js";
import type { Action, Decision, FrameMessage, OutcomeMessage } from "../protocol/messages.js";
import type { RefocusPolicy } from "../refocus/policy.js";
import type { Judgement } from "../refocus/site-search.js";
import { binningOf } from "../refocus/thresholds.js";
import type { DrivenMicroscope, Snapshot } from "./driven-microscope.js";
import { inside, type ZRange } from "./z-range.js";

export interface FocusOptions {
  readonly microscope: DrivenMicroscope;
  readonly scorer: FrameScorer;
  readonly policy: RefocusPolicy;
  /** Where the drive may go, um. */
  readonly range: ZRange;
  /** One run of this program. */
  readonly session: string;
  readonly channel?: string | undefined;
  /** Ends the search at the best z that was seen. */
  readonly signal?: AbortSignal | undefined;
  readonly onAttempt?: (attempt: FocusAttempt) => void;
  /** Told what became of the site, once it is finished. */
  readonly onOutcome?: (outcome: OutcomeMessage) => void;
}

/** One frame of the search and what follows from it. */
export interface FocusAttempt {
  readonly attempt: number;
  readonly zUm: number;
  /** Most likely level and mean of the level distribution, 0 to 10. */
  readonly level: number;
  readonly expectedLevel: number;
  /** Aggregate certainty, 0 to 1. */
  readonly certainty: number;
  readonly condition: FocusReport["condition"];
  readonly decision: Decision;
  readonly action?: Action;
  readonly reason: string;
}

export interface FocusEnd {
  /**
   * `accept`, `flag` and `abstain` are the policy's; `refused`: the drive could or must not be moved; `interrupted`:
   * by the signal.
   */
  readonly end: Exclude<Decision, "retry"> | "refused" | "interrupted";
  readonly attempts: readonly FocusAttempt[];
  /** Name of the position, "here" if it has none. */
  readonly site: string;
  /** Where the drive was at first and is at last, um. */
  readonly startZUm: number;
  readonly zUm: number;
  /** Expected level of the sharpest frame that counts, if any was judged. */
  readonly keptLevel: number | undefined;
  readonly reason: string;
}

/**
 * Snaps, scores and moves until the policy is content, then stands at the best z that was seen. However it ends, the
 * drive is left there; it is never sent outside the range, nor against a focus lock.
 * @throws what the microscope throws when it fails, after trying to go back.
 */
export async function focusHere(options: FocusOptions): Promise<FocusEnd> {
  const run = new FocusRun(options);
  return run.toTheEnd();
}

class FocusRun {
  readonly #options: FocusOptions;
  readonly #attempts: FocusAttempt[] = [];
  #startZUm = 0;
  #site = "here";
  #wasLocked: boolean = false;
  #last: { readonly header: FrameMessage; readonly judgement: Judgement } | undefined;

  constructor(options: FocusOptions) {
    this.#options = options;
  }

  async toTheEnd(): Promise<FocusEnd> {
    const { microscope, signal } = this.#options;
    this.#startZUm = await microscope.zUm();
    try {
      let judgement: Judgement;
      do {
        if (signal?.aborted) return await this.#leave("interrupted", "interrupted");
        judgement = await this.#attempt();
        if (signal?.aborted) return await this.#leave("interrupted", "interrupted");
        const refusal = await this.#execute(judgement.action);
        if (refusal !== undefined) return await this.#leave("refused", refusal);
      } while (judgement.decision === "retry");
      const { decision, reason } = judgement;
      if (this.#wasLocked && decision === "flag") return await this.#ended("refused", `${reason}; ${LOCKED}`);
      return await this.#ended(decision, reason);
    } catch (error) {
      if (signal?.aborted && error === signal.reason) return this.#leave("interrupted", "interrupted");
      await this.#goBack().catch(() => undefined);
      throw error;
    }
  }

  async #attempt(): Promise<Judgement> {
    const { microscope, scorer, policy, signal, onAttempt, onOutcome } = this.#options;
    const isLocked = await microscope.isLocked();
    this.#wasLocked ||= isLocked;
    const snapshot = await microscope.snap(signal);
    const header = this.#headerOf(snapshot, isLocked);
    const binning = binningOf(policy.settings.optics, header);
    const report = await scorer.score(snapshot.frame, { binning, ...(signal && { signal }) });
    const judgement = policy.judge(header, report, header.timestampMs);
    this.#last = { header, judgement };
    const attempt: FocusAttempt = {
      attempt: header.attempt,
      zUm: snapshot.zUm,
      level: report.level,
      expectedLevel: report.expectedLevel,
      certainty: report.aggregateCertainty,
      condition: report.condition,
      decision: judgement.decision,
      ...(judgement.action !== undefined && { action: judgement.action }),
      reason: judgement.reason,
    };
    this.#attempts.push(attempt);
    onAttempt?.(attempt);
    for (const outcome of judgement.outcomes) onOutcome?.(outcome);
    return judgement;
  }

  /** Does what the policy asks for; says why if it must not or cannot. */
  async #execute(action: Action | undefined): Promise<string | undefined> {
    if (action === undefined || action.kind === "reacquire") return undefined;
    const { microscope, range } = this.#options;
    if (await microscope.isLocked()) return LOCKED;
    try {
      if (action.kind === "autofocus") {
        await microscope.autofocus();
        const zUm = await microscope.zUm();
        return inside(zUm, range)
          ? undefined
          : `autofocus went to ${um(zUm)}, outside of ${rangeText(range)}`;
      }
      const fromUm = this.#attempts.at(-1)!.zUm;
      const stops = [...(action.viaUm === undefined ? [] : [action.viaUm]), action.byUm].map(
        (by) => fromUm + by,
      );
      const outside = stops.find((zUm) => !inside(zUm, range));
      if (outside !== undefined) return `${um(outside)} lies outside of ${rangeText(range)}`;
      for (const zUm of stops) await microscope.moveToZ(zUm);
      return undefined;
    } catch (error) {
      if (isParfocalError(error, "JavaExceptionError")) return reasonOf(error);
      throw error;
    }
  }

  async #leave(end: "refused" | "interrupted", reason: string): Promise<FocusEnd> {
    await this.#goBack();
    return this.#ended(end, reason);
  }

  /** Goes to the best z that was seen, and tells the policy that nothing more comes. */
  async #goBack(): Promise<void> {
    const { microscope, policy, range, onOutcome } = this.#options;
    const { judgement, header } = this.#last ?? {};
    if (header !== undefined && judgement?.decision === "retry") {
      const { v, session, site, channel } = header;
      const reason = "the search was ended";
      const outcome = policy.abandon({
        ...{ v, type: "abandon", session, site, why: "cancelled", reason },
        ...(channel !== undefined && { channel }),
      });
      if (outcome !== undefined) onOutcome?.(outcome);
    }
    const bestUm = this.#kept()?.zUm ?? this.#startZUm;
    if (Math.abs((await microscope.zUm()) - bestUm) < SAME_Z_UM) return;
    if (inside(bestUm, range) && !(await microscope.isLocked())) await microscope.moveToZ(bestUm);
  }

  async #ended(end: FocusEnd["end"], reason: string): Promise<FocusEnd> {
    return {
      end,
      attempts: this.#attempts,
      site: this.#site,
      startZUm: this.#startZUm,
      zUm: await this.#options.microscope.zUm(),
      keptLevel: this.#kept()?.expectedLevel,
      reason,
    };
  }

  #kept(): FocusAttempt | undefined {
    return this.#last && this.#attempts[this.#last.judgement.keepAttempt];
  }

  #headerOf({ frame, metadata, zUm, pixelUm }: Snapshot, isLocked: boolean): FrameMessage {
    const { session, channel = metadata.channel, range } = this.#options;
    const attempt = this.#attempts.length;
    this.#site = metadata.positionName ?? this.#site;
    return {
      v: 1,
      type: "frame",
      id: `${session}/${this.#site}/${attempt}/${Date.now()}`.slice(-512),
      session,
      sequence: attempt,
      mode: "gate",
      dtype: pixelTypeOf(frame),
      shape: [frame.height, frame.width],
      site: { name: this.#site },
      attempt,
      zUm,
      zSource: "measured",
      zLimitsUm: [range[0], range[1]],
      timestampMs: Date.now(),
      ...(isLocked && { focusLock: { state: "engaged", moves: "none" } as const }),
      ...withoutUndefined({
        channel,
        bitDepth: frame.bitDepth,
        xUm: metadata.xUm,
        yUm: metadata.yUm,
        pixelUm: pixelUm ?? metadata.pixelUm,
        exposureMs: metadata.exposureMs,
      }),
    };
  }
}

/** Drives do not stand stiller than this, um. */
const SAME_Z_UM = 0.005;

const LOCKED = "a continuous focus lock is on, so the focus drive is not moved: switch it off to search";

function um(zUm: number): string {
  return `${zUm.toFixed(2)} um`;
}

function rangeText([min, max]: ZRange): string {
  return `${um(min)} to ${um(max)}`;
}
