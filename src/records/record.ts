import type {
  AbandonMessage,
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
export interface RecordContext {
  /** Wall clock, ms since 1970 UTC. */
  readonly recordedMs: number;
  /** Name of the source, where a source was involved. */
  readonly source?: string;
  /** Who sent the frame, as it calls itself: a controller, or a watched folder. */
  readonly controller?: string;
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
  | AbandonMessage
  | ChangeMessage
  | AlertMessage
) &
  RecordContext;
