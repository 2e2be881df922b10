import type { Logger } from "pino";
import type { Clock } from "../protocol/clock.js";
import type {
  AlertMessage,
  ChangeMessage,
  DropMessage,
  ErrorMessage,
  FrameMessage,
  OutcomeMessage,
  RuleValues,
  VerdictMessage,
} from "../protocol/messages.js";

/** What is known beside the message when something is recorded. */
interface RecordContext {
  /** Wall clock, ms since 1970 UTC. */
  readonly recordedMs: number;
  /** Name of the source, where a source was involved. */
  readonly source?: string;
  /** Header of the frame that the message is about. */
  readonly frame?: FrameMessage;
  /** File that the message is about. */
  readonly file?: string;
  /** Of a verdict: the frame distribution, 11 probabilities, and the certainty-weighted mean of the certainties. */
  readonly distribution?: readonly number[];
  readonly weightedCertainty?: number;
  /** Of a verdict: the thresholds that it was judged by. */
  readonly rules?: RuleValues;
  /** The verdict came after the deadline and was not sent: the controller went on without it. */
  readonly late?: true;
}

/** One verdict or event as it is logged and published: a message of the protocol with its context beside it. */
export type ResultRecord = (
  | VerdictMessage
  | DropMessage
  | ErrorMessage
  | OutcomeMessage
  | ChangeMessage
  | AlertMessage
) &
  RecordContext;

/** What a sink has done. */
export interface SinkCounts {
  readonly written: number;
  /** Failed attempts to write; what they held is tried again. */
  readonly failures: number;
  /** Records that were given up. */
  readonly lost: number;
}

export interface SinkContext {
  readonly log: Logger;
  readonly clock: Clock;
}

/** Where results go. Its constructor does nothing. */
export interface Sink {
  /**
   * Gets ready to write.
   * @returns the file or address it writes to.
   * @throws OutputError or AddressError naming what is in the way.
   */
  start(signal: AbortSignal): Promise<string>;
  /**
   * Takes a record; never waits and never throws. What it returns, if anything, resolves once a crash of the agent could
   * not lose the record, or the sink cannot see to that at present; the verdict waits for it.
   */
  write(record: ResultRecord): Promise<void> | void;
  /** A controller has ended its session. */
  ended?(session: string): void;
  counts(): SinkCounts;
  /** Writes what is left and lets go of everything. */
  stop(): Promise<void>;
}
