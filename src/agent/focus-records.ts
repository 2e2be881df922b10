import type { FocusReport } from "../focus/report.js";
import type { ModelIdentity } from "../focus/scorer-types.js";
import type { AbandonMessage, FrameMessage, OutcomeMessage } from "../protocol/messages.js";
import type { Refusal } from "../protocol/site-visit.js";
import type { RecordContext, ResultRecord } from "../records/record.js";
import type { RefocusPolicy } from "../refocus/policy.js";
import type { Judgement } from "../refocus/site-search.js";
import { rulesFor, valuesOf } from "../refocus/thresholds.js";
import { scoresOf, verdictOf } from "./verdict.js";

/** What `parfocal focus` leaves on record: the same as an agent does of a gated site. */
export class FocusRecords {
  readonly #policy: Pick<RefocusPolicy, "settings" | "abandon">;
  readonly #model: ModelIdentity;
  readonly #write: (record: ResultRecord) => void;
  #last: FrameMessage | undefined;

  constructor(
    policy: Pick<RefocusPolicy, "settings" | "abandon">,
    model: ModelIdentity,
    write: (record: ResultRecord) => void,
  ) {
    this.#policy = policy;
    this.#model = model;
    this.#write = write;
  }

  judged(header: FrameMessage, report: FocusReport, judgement: Judgement, scoreMs: number): void {
    this.#last = header;
    const rules = rulesFor(this.#policy.settings, header.channel);
    const timings = { queueMs: 0, scoreMs, totalMs: scoreMs };
    const verdict = verdictOf(header, report, judgement, rules, this.#model, timings);
    this.#note({ ...verdict, ...scoresOf(report), rules: valuesOf(rules) }, { frame: header });
    for (const outcome of judgement.outcomes) this.#note(outcome);
  }

  /** The search was cut short. */
  refused({ why, reason }: Refusal): void {
    if (this.#last === undefined) return;
    const { session, site, channel } = this.#last;
    const place = { session, site, ...(channel !== undefined && { channel }) };
    const message: AbandonMessage = { v: 1, type: "abandon", ...place, why, reason };
    const outcome = this.#policy.abandon(message);
    this.#note(message);
    if (outcome !== undefined) this.#note(outcome);
  }

  #note(
    message: Omit<ResultRecord, "recordedMs"> | OutcomeMessage | AbandonMessage,
    beside: Partial<RecordContext> = {},
  ): void {
    const recordedMs = Date.now();
    this.#write({
      ...message,
      recordedMs,
      source: "focus",
      controller: "parfocal focus",
      ...beside,
    } as ResultRecord);
  }
}
