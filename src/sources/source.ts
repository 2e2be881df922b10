import type { Logger } from "pino";
import type { Frame } from "../frames/frame.js";
import type { Clock } from "../protocol/clock.js";
import type {
  AbandonMessage,
  DropMessage,
  ErrorMessage,
  FrameMessage,
  VerdictMessage,
  WelcomeMessage,
} from "../protocol/messages.js";

/** How a frame ends. */
export type Answer = VerdictMessage | DropMessage | ErrorMessage;

/** A frame on its way to the scorer. */
export interface IncomingFrame {
  /** Name of the source: "zeromq", "folder". */
  readonly source: string;
  /** Who sent it, as it calls itself, where it did. */
  readonly controller?: string | undefined;
  readonly header: FrameMessage;
  readonly frame: Frame;
  /** Called when the pixels are needed no more; they may be written over then. */
  letGo?(): void;
  /** When it arrived, on the monotonic clock, ms. */
  readonly receivedMs: number;
  /** Hands the answer to whoever sent the frame. Called exactly once; never throws. */
  answer(answer: Answer): void;
}

/** What a source tells the agent. None of these throws. */
export interface SourceHandler {
  /** Offers a frame; resolves when it is answered. */
  frame(incoming: IncomingFrame): Promise<void>;
  /** Reports input that is no frame, with the file it came from if it is one. */
  problem(source: string, error: ErrorMessage, path?: string): void;
  /** Reports frames that a controller sent and that never arrived. */
  lost(session: string, count: number): void;
  /** A controller ended its session. */
  bye(session: string): void;
  /** A controller says whether an acquisition runs. */
  acquiring(session: string, isAcquiring: boolean): void;
  /** A controller ended a site by itself. */
  abandon(message: AbandonMessage): void;
  /** Frames that wait. */
  queued(): number;
}

/** What a source is given. */
export interface SourceContext {
  readonly log: Logger;
  readonly clock: Clock;
  /** Who answers, for `welcome`. */
  readonly agent: WelcomeMessage["agent"];
  readonly model: WelcomeMessage["model"];
  /** The frames of a session that are on record already, in the order of their records. */
  readonly earlier?: (session: string) => AsyncIterable<FrameMessage>;
}

/** Where frames come from. Its constructor does nothing. */
export interface FrameSource {
  /**
   * Begins to take frames.
   * @returns where it listens: an address or a folder.
   * @throws ParfocalError naming what is in the way.
   */
  start(handler: SourceHandler, signal: AbortSignal): Promise<string>;
  /** Takes no more frames; those already taken can still be answered. */
  pause(): Promise<void>;
  /** Lets go of everything. */
  stop(): Promise<void>;
}
