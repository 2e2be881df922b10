/**
 * All messages of protocol version 1; described with examples in docs/protocol.md.
 * @module
 */
import { AlertMessage, ChangeMessage, DropMessage, ErrorMessage, OutcomeMessage } from "./event-messages.js";
import { FrameMessage } from "./frame-message.js";
import {
  AbandonMessage,
  ByeMessage,
  HeartbeatMessage,
  HelloMessage,
  WelcomeMessage,
} from "./session-messages.js";
import { VerdictMessage } from "./verdict-message.js";

/** The schema of each type of message. */
export const MESSAGES = {
  hello: HelloMessage,
  welcome: WelcomeMessage,
  frame: FrameMessage,
  verdict: VerdictMessage,
  outcome: OutcomeMessage,
  drop: DropMessage,
  error: ErrorMessage,
  change: ChangeMessage,
  alert: AlertMessage,
  abandon: AbandonMessage,
  heartbeat: HeartbeatMessage,
  bye: ByeMessage,
} as const;

export type MessageType = keyof typeof MESSAGES;

/** Every message that is one part of JSON and nothing else. */
export type PlainMessage =
  | HelloMessage
  | WelcomeMessage
  | VerdictMessage
  | OutcomeMessage
  | DropMessage
  | ErrorMessage
  | ChangeMessage
  | AlertMessage
  | AbandonMessage
  | HeartbeatMessage
  | ByeMessage;

export type Message = FrameMessage | PlainMessage;

export * from "./common.js";
export * from "./event-messages.js";
export * from "./frame-message.js";
export * from "./session-messages.js";
export * from "./verdict-message.js";
