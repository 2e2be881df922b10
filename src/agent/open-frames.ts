import type { Clock } from "../protocol/clock.js";
import { type AbandonMessage, DEFAULT_DEADLINE_MS, type FrameMessage } from "../protocol/messages.js";
import { nameKey } from "../records/site-keys.js";
import type { IncomingFrame } from "../sources/source.js";

/** A frame on its way, with what has become of it. */
export interface OpenFrame extends IncomingFrame {
  isSettled: boolean;
  /** Resolves when it is settled. */
  readonly isDone: Promise<void>;
  readonly settled: () => void;
  cancelDeadline: () => void;
}

/** The frames that wait for their answer; each gets one. */
export class OpenFrames {
  readonly #clock: Clock;
  readonly #open = new Set<OpenFrame>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param onDeadline called if a gated frame is still open at its deadline. */
  open(incoming: IncomingFrame, onDeadline: (frame: OpenFrame) => void): OpenFrame {
    let settled = () => {};
    const isDone = new Promise<void>((resolve) => {
      settled = resolve;
    });
    const frame: OpenFrame = {
      ...incoming,
      isSettled: false,
      settled,
      isDone,
      cancelDeadline: () => undefined,
    };
    this.#open.add(frame);
    if (frame.header.mode === "gate") {
      frame.cancelDeadline = this.#clock.after(Math.max(0, this.msLeft(frame)), () => onDeadline(frame));
    }
    return frame;
  }

  /** It has come to its end; its answer follows. */
  settle(frame: OpenFrame): void {
    frame.isSettled = true;
    frame.cancelDeadline();
    this.#open.delete(frame);
    frame.settled();
  }

  /** Whether a gated frame's deadline is over: its timer can be kept from firing by the engine's own work. */
  isOverdue(frame: OpenFrame): boolean {
    return frame.header.mode === "gate" && this.msLeft(frame) < 0;
  }

  /** Resolves when the slices before the one that closes a z-stack are settled (workers may overtake each other), or at an abort. */
  async slicesBefore({ stack, mode, session, sequence }: FrameMessage, signal: AbortSignal): Promise<void> {
    if (stack === undefined || (mode !== "gate" && stack.last !== true)) return;
    const slices = [...this.#open].filter(
      ({ header }) =>
        header.mode === "observe" &&
        header.stack !== undefined &&
        header.session === session &&
        header.sequence < sequence,
    );
    if (slices.length === 0 || signal.aborted) return;
    // No race with a promise of the agent's whole life: it would remember each one.
    await new Promise<void>((resolve) => {
      const done = () => {
        signal.removeEventListener("abort", done);
        resolve();
      };
      signal.addEventListener("abort", done, { once: true });
      void Promise.all(slices.map(({ isDone }) => isDone)).then(done);
    });
  }

  /** The gated frames of a site that its controller has ended: it waits for none of them any more. */
  abandoned({ session, site, channel, timeIndex }: AbandonMessage): OpenFrame[] {
    return this.all().filter(
      ({ header }) =>
        header.mode === "gate" &&
        header.session === session &&
        nameKey(header.site) === nameKey(site) &&
        header.channel === channel &&
        header.timeIndex === timeIndex,
    );
  }

  all(): OpenFrame[] {
    return [...this.#open];
  }

  /** Time until the deadline, ms; negative after it. */
  msLeft({ header, receivedMs }: OpenFrame): number {
    return (header.deadlineMs ?? DEFAULT_DEADLINE_MS) - (this.#clock.now() - receivedMs);
  }
}
