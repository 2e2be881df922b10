import { isParfocalError, reasonOf } from "../errors.js";
import type { FocusReport } from "../focus/report.js";
import type { FrameScorer } from "../focus/scorer-types.js";
import { pixelTypeOf } from "../frames/frame.js";
import { withoutUndefined } from "../frames/micro-manager-metadata.js";
import type { AbandonReason, Action, Decision, FrameMessage } from "../protocol/messages.js";
import { type Refusal, SiteVisit, type Step } from "../protocol/site-visit.js";
import { inside, rangeText, type ZRange } from "../protocol/z-range.js";
import type { ResultRecord } from "../records/record.js";
import type { RefocusPolicy } from "../refocus/policy.js";
import type { Judgement } from "../refocus/site-search.js";
import { binningOf } from "../refocus/thresholds.js";
import type { DrivenMicroscope, Snapshot } from "./driven-microscope.js";
import { FocusRecords } from "./focus-records.js";
import { OneWayDrive, ReversedDriveError } from "./one-way-drive.js";

export interface FocusOptions {
  readonly microscope: DrivenMicroscope;
  readonly scorer: FrameScorer;
  readonly policy: Pick<RefocusPolicy, "judge" | "settings" | "abandon">;
  /** Where the drive may go, um. */
  readonly range: ZRange;
  /** One run of this program. */
  readonly session: string;
  readonly channel?: string | undefined;
  /** Ends the search at the best z that was seen. */
  readonly signal?: AbortSignal | undefined;
  readonly onAttempt?: (attempt: FocusAttempt) => void;
  /** Told what an agent would record. */
  readonly onRecord?: ((record: ResultRecord) => void) | undefined;
}

/** One frame of the search and what follows from it. */
export interface FocusAttempt {
  readonly attempt: number;
  readonly zUm: number;
  /** Level as a whole and as a real number, 0 to 10. */
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
   * `accept`, `flag` and `abstain` are the policy's; `refused`: the drive could or must not be moved; `failed`: the
   * camera gave no frame, or it could not be scored; `interrupted`: by the signal.
   */
  readonly end: Exclude<Decision, "retry"> | "refused" | "failed" | "interrupted";
  /** Where the policy did not end the search: why, as in the protocol's `abandon`. */
  readonly why?: AbandonReason;
  readonly attempts: readonly FocusAttempt[];
  /** The attempt whose frame is the best known. */
  readonly keepAttempt: number;
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
 * @throws what the microscope throws when it cannot be reached any more, after trying to go back.
 */
export async function focusHere(options: FocusOptions): Promise<FocusEnd> {
  const run = new FocusRun(options);
  return run.toTheEnd();
}

class FocusRun {
  readonly #options: FocusOptions;
  readonly #drive: OneWayDrive;
  readonly #visit: SiteVisit;
  readonly #records: FocusRecords;
  readonly #attempts: FocusAttempt[] = [];
  #startZUm = 0;
  #site = "here";
  #wasLocked: boolean = false;

  constructor(options: FocusOptions) {
    const { policy, scorer, onRecord = () => undefined } = options;
    this.#options = options;
    this.#records = new FocusRecords(policy, scorer.model, onRecord);
    this.#drive = new OneWayDrive(options.microscope);
    this.#visit = new SiteVisit({ rangeUm: options.range });
  }

  async toTheEnd(): Promise<FocusEnd> {
    const { microscope, signal } = this.#options;
    this.#startZUm = await microscope.zUm();
    try {
      let step: Step;
      do {
        step = await this.#attempt();
        if (this.#visit.refusal === undefined) await this.#execute(step);
      } while (step.again && this.#visit.refusal === undefined);
    } catch (error) {
      if (!signal?.aborted || error !== signal.reason) {
        this.#records.refused({ why: "cancelled", reason: reasonOf(error) });
        await this.#goHome().catch(() => undefined);
        throw error;
      }
      this.#visit.refuse("cancelled", "interrupted");
    }
    if (this.#visit.refusal !== undefined) {
      this.#records.refused(this.#visit.refusal);
      await this.#goHome();
    }
    return this.#ended();
  }

  /** Takes a frame and has it judged. */
  async #attempt(): Promise<Step> {
    const { microscope, scorer, policy, signal, onAttempt } = this.#options;
    if (signal?.aborted) return this.#visit.refuse("cancelled", "interrupted");
    const isLocked = await microscope.isLocked();
    this.#wasLocked ||= isLocked;
    let snapshot: Snapshot;
    try {
      snapshot = await microscope.snap(signal);
    } catch (error) {
      if (!isParfocalError(error, "JavaExceptionError")) throw error;
      return this.#visit.refuse("no-frame", reasonOf(error));
    }
    const header = this.#headerOf(snapshot, isLocked);
    const binning = binningOf(policy.settings.optics, header);
    let report: FocusReport;
    const beforeMs = performance.now();
    try {
      report = await scorer.score(snapshot.frame, { binning, ...(signal && { signal }) });
    } catch (error) {
      if (!isParfocalError(error)) throw error;
      return this.#visit.take(snapshot.zUm, undefined, reasonOf(error));
    }
    const judgement = policy.judge(header, report, header.timestampMs);
    const attempt = attemptOf(header, report, judgement, snapshot.zUm);
    this.#attempts.push(attempt);
    this.#records.judged(header, report, judgement, performance.now() - beforeMs);
    onAttempt?.(attempt);
    const step = this.#visit.take(snapshot.zUm, {
      ...judgement,
      acquireAgain: judgement.decision === "retry",
    });
    return signal?.aborted ? this.#visit.refuse("cancelled", "interrupted") : step;
  }

  /** Does what was asked for, or ends the visit because it must not or cannot be done. */
  async #execute({ stopsUm, autofocus }: Step): Promise<void> {
    if (stopsUm.length === 0 && !autofocus) return;
    const { microscope, range } = this.#options;
    if (await microscope.isLocked()) {
      this.#visit.refuse("lock", LOCKED);
      return;
    }
    try {
      if (autofocus) await microscope.autofocus();
      for (const zUm of stopsUm) await this.#drive.moveToZ(zUm);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      this.#visit.refuse(autofocus ? "autofocus" : "drive", reasonOf(error));
      return;
    }
    const zUm = autofocus ? await microscope.zUm() : undefined;
    if (zUm === undefined || inside(zUm, range)) return;
    this.#visit.refuse("autofocus", `autofocus went to ${zUm.toFixed(2)} um, outside ${rangeText(range)}`);
  }

  /** Goes to the best z that was seen, unless a lock or a drive that runs the other way forbids it. */
  async #goHome(): Promise<void> {
    const { microscope } = this.#options;
    const homeUm = this.#visit.bestZUm ?? this.#startZUm;
    if (this.#drive.isReversed || Math.abs((await microscope.zUm()) - homeUm) < SAME_Z_UM) return;
    if (await microscope.isLocked()) return;
    try {
      await this.#drive.moveToZ(homeUm);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      const { why, reason } = this.#visit.refusal ?? { why: "drive" as const, reason: "" };
      this.#visit.refuse(
        why,
        `${reason}; the way back to ${homeUm.toFixed(2)} um failed, too: ${reasonOf(error)}`,
      );
    }
  }

  async #ended(): Promise<FocusEnd> {
    const { refusal, keepAttempt } = this.#visit;
    const last = this.#attempts.at(-1);
    const isHeld = this.#wasLocked && last?.decision === "flag";
    const held: Refusal | undefined = isHeld
      ? { why: "lock", reason: `${last.reason}; ${LOCKED}` }
      : undefined;
    const own = refusal ?? held;
    return {
      end: own === undefined ? (last!.decision as Exclude<Decision, "retry">) : endOf(own.why),
      ...(own !== undefined && { why: own.why }),
      attempts: this.#attempts,
      keepAttempt,
      site: this.#site,
      startZUm: this.#startZUm,
      zUm: await this.#options.microscope.zUm(),
      keptLevel: this.#attempts[keepAttempt]?.expectedLevel,
      reason: own?.reason ?? last!.reason,
    };
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

/** Whether the microscope refused, rather than being out of reach. */
function isRefusal(error: unknown): boolean {
  return isParfocalError(error, "JavaExceptionError") || error instanceof ReversedDriveError;
}

function endOf(why: AbandonReason): FocusEnd["end"] {
  if (why === "cancelled") return "interrupted";
  return why === "no-frame" || why === "unscored" ? "failed" : "refused";
}

function attemptOf(
  { attempt }: FrameMessage,
  { level, expectedLevel, aggregateCertainty: certainty, condition }: FocusReport,
  { decision, action, reason }: Judgement,
  zUm: number,
): FocusAttempt {
  const scores = { level, expectedLevel, certainty, condition };
  return { attempt, zUm, ...scores, decision, ...(action !== undefined && { action }), reason };
}
