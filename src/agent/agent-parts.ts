import type { Logger } from "pino";
import type { FrameScorer } from "../focus/scorer-types.js";
import type { Clock } from "../protocol/clock.js";
import type { Agent } from "./agent.js";

/** What an agent is made with, beside its configuration. */
export interface AgentParts {
  readonly scorer: FrameScorer;
  readonly log: Logger;
  /** Version of the program, for `welcome`. */
  readonly version: string;
  /** One line: what computes, and where. */
  readonly engine?: string;
  readonly clock?: Clock;
}

/** What the parts of an agent are made with. */
export interface PartContext extends Required<AgentParts> {
  /** Once there is one. */
  readonly agent: () => Agent;
}
