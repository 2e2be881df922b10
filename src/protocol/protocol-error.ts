import { ParfocalError } from "../errors.js";

/** What can be wrong with a message, as sent in `error.code`. */
export type ProtocolErrorCode =
  | "bad-json"
  | "bad-message"
  | "bad-parts"
  | "bad-length"
  | "too-large"
  | "unsupported-version";

/** Where a broken message came from, as far as it could be read. */
export interface ProtocolErrorContext {
  /** Id of the frame, so that the controller can tell which of its frames was refused. */
  readonly frameId?: string | undefined;
  readonly session?: string | undefined;
  readonly sequence?: number | undefined;
  readonly cause?: unknown;
}

/** A received message breaks the protocol. It is answered with an `error` message; the connection lives on. */
export class ProtocolError extends ParfocalError {
  readonly tag = "ProtocolError";
  readonly code: ProtocolErrorCode;
  readonly frameId: string | undefined;
  readonly session: string | undefined;
  readonly sequence: number | undefined;

  constructor(code: ProtocolErrorCode, reason: string, context: ProtocolErrorContext = {}) {
    super(reason, { cause: context.cause });
    this.code = code;
    this.frameId = context.frameId;
    this.session = context.session;
    this.sequence = context.sequence;
  }
}
