import type { Decision } from "../protocol/messages.js";
import type { ResultRecord } from "../records/record.js";
import type { Health } from "../sinks/agent-health.js";

/** Counts what happens. */
export class HealthCounters {
  readonly verdicts: Record<Decision, number> = { accept: 0, retry: 0, flag: 0, abstain: 0 };
  readonly drops: Record<string, number> = {};
  readonly errors: Record<string, number> = {};
  readonly outcomes: Record<string, number> = {};
  received = 0;
  late = 0;
  lost = 0;
  lastFrameMs: number | undefined;

  /** Everything at this moment. */
  health(rest: Pick<Health, "state" | "startedMs" | "queueDepth" | "sinks">): Health {
    const { verdicts, late, drops, errors, outcomes, lost, received, lastFrameMs } = this;
    const counts = {
      verdicts: { ...verdicts },
      drops: { ...drops },
      errors: { ...errors },
      outcomes: { ...outcomes },
    };
    return { ...rest, ...counts, late, lost, received, lastFrameMs };
  }

  count(record: ResultRecord): void {
    if (record.type === "verdict" && record.late) this.late++;
    else if (record.type === "verdict") this.verdicts[record.decision]++;
    else if (record.type === "drop") increase(this.drops, record.why);
    else if (record.type === "error") increase(this.errors, record.code);
    else if (record.type === "outcome") increase(this.outcomes, record.recovered);
  }
}

function increase(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}
