import type { Logger } from "pino";
import type { AgentConfig } from "../config/schema.js";
import type { FocusReport } from "../focus/report.js";
import type { FrameScorer } from "../focus/scorer-types.js";
import type { Clock } from "../protocol/clock.js";
import type { KnownFocus } from "../refocus/known-focus.js";
import type { Sink } from "../sinks/sink.js";
import type { FrameSource, IncomingFrame } from "../sources/source.js";

/** What an agent is made of. */
export interface AgentOptions {
  readonly config: Pick<AgentConfig, "queue" | "policy" | "agent" | "scorer">;
  /** Stays the caller's: the agent does not dispose of it. */
  readonly scorer: FrameScorer;
  /** By name; started in this order. */
  readonly sources: ReadonlyMap<string, FrameSource>;
  readonly sinks: ReadonlyMap<string, Sink>;
  readonly log: Logger;
  readonly clock?: Clock;
  /** Where the plate was in focus before. */
  readonly focusMap?: KnownFocus | undefined;
  /** Shown each frame that was scored, once it is answered and recorded. Must not throw. */
  readonly onScored?: (incoming: IncomingFrame, report: FocusReport) => void;
}
