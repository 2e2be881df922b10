import type { OutcomeMessage } from "../protocol/messages.js";
import { median } from "../statistics.js";
import type { ResultRecord } from "./sink.js";

/** What refocusing did in a run. A site counts once for each channel and time point. */
export interface RunSummary {
  readonly sites: number;
  /** Sharp in the first frame. */
  readonly inFocus: number;
  /** Blurred in the first frame and sharp in the one to keep. */
  readonly recovered: number;
  /** Blurred and not recovered, by the reason for which the site ended. */
  readonly givenUp: Readonly<Record<string, number>>;
  /** Could not be judged, or did not get to its end. */
  readonly unknown: Readonly<Record<string, number>>;
  /** Sites whose frame to keep is blurrier than the first by its level. */
  readonly blurrier: number;
  /** Frames beyond the first of each site. */
  readonly extraExposures: number;
  /** Path of the focus drive, um. */
  readonly travelUm: number;
  /** Median of the levels gained by the recovered sites; undefined if there are none. */
  readonly medianGain: number | undefined;
  /** Frames that were scored, and gated frames that got no verdict in time. */
  readonly scored: number;
  readonly unscored: number;
  /** Sites to look at: given up or unknown, in the order of the run. */
  readonly toLookAt: readonly OutcomeMessage[];
}

/** Adds a run's records up. */
export class RunSummariser {
  readonly #outcomes: OutcomeMessage[] = [];
  #scored = 0;
  #unscored = 0;

  apply(record: ResultRecord): void {
    if (record.type === "outcome") this.#outcomes.push(record);
    else if (record.type === "verdict" && !record.late) this.#scored++;
    else if (record.type !== "verdict" && record.frame?.mode === "gate") this.#unscored++;
  }

  summary(): RunSummary {
    const outcomes = this.#outcomes;
    const of = (recovered: OutcomeMessage["recovered"]) =>
      outcomes.filter((outcome) => outcome.recovered === recovered);
    const recovered = of("yes");
    return {
      sites: outcomes.length,
      inFocus: of("not-needed").length,
      recovered: recovered.length,
      givenUp: byReason(of("no")),
      unknown: byReason(of("unknown")),
      blurrier: outcomes.filter(({ levelBefore, levelAfter }) => levelAfter > levelBefore).length,
      extraExposures: outcomes.reduce((sum, { attempts }) => sum + attempts - 1, 0),
      travelUm: Math.round(outcomes.reduce((sum, { travelUm }) => sum + travelUm, 0) * 1000) / 1000,
      medianGain: median(recovered.map(({ levelBefore, levelAfter }) => levelBefore - levelAfter)),
      scored: this.#scored,
      unscored: this.#unscored,
      toLookAt: outcomes.filter((outcome) => outcome.recovered === "no" || outcome.recovered === "unknown"),
    };
  }
}

function byReason(outcomes: readonly OutcomeMessage[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { why } of outcomes) counts[why] = (counts[why] ?? 0) + 1;
  return counts;
}
