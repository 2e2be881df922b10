import type { Decision } from "../protocol/messages.js";
import type { ResultRecord, SinkCounts } from "../sinks/sink.js";

export type AgentState = "new" | "starting" | "running" | "draining" | "stopped";

/** How the agent does; plain data, for a dashboard or metrics. */
export interface Health {
  readonly state: AgentState;
  /** Wall clock of the start, ms since 1970 UTC. */
  readonly startedMs: number | undefined;
  /** Wall clock of the last frame that arrived, ms since 1970 UTC. */
  readonly lastFrameMs: number | undefined;
  readonly queueDepth: number;
  /** Frames that arrived. Each is counted once more below when it ends, as verdict, drop or error. */
  readonly received: number;
  readonly verdicts: Readonly<Record<Decision, number>>;
  /** Frames that were scored after their deadline; they count as drops, not as verdicts. */
  readonly late: number;
  /** By reason. */
  readonly drops: Readonly<Record<string, number>>;
  /** By code; input that was no frame is counted here, too. */
  readonly errors: Readonly<Record<string, number>>;
  /** Finished sites by whether refocusing helped. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** Frames that controllers sent and that never arrived. */
  readonly lost: number;
  readonly sinks: Readonly<Record<string, SinkCounts>>;
}

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

  count(record: ResultRecord): void {
    if (record.type === "verdict" && record.late) this.late++;
    else if (record.type === "verdict") this.verdicts[record.decision]++;
    else if (record.type === "drop") increase(this.drops, record.why);
    else if (record.type === "error") increase(this.errors, record.code);
    else increase(this.outcomes, record.recovered);
  }
}

function increase(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}
