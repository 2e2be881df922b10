import type { Decision } from "../protocol/messages.js";
import type { SinkCounts } from "./sink.js";

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
