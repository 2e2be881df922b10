import type { Clock } from "../protocol/clock.js";
import type { Answer } from "../sources/source.js";
import type { OpenFrame } from "./open-frames.js";

/** A disk that hangs holds no answer up for longer, ms; a verdict whose deadline is further away waits until then. */
const LEAST_WAIT_MS = 100;

/** What can wait until an answer has left begins so long after it, ms: it would take the cores that send it. */
export const AFTER_ANSWER_MS = 5;

/** Answers leave once they are recorded: whatever a controller was told is in results.jsonl, even if the agent is killed. */
export class Answers {
  readonly #clock: Clock;
  readonly #underWay = new Set<Promise<void>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * @param written by when it is recorded. @param msLeft until the deadline of the frame.
   * @param then called once it has left: what can wait must not take the cores from it.
   */
  give(
    frame: OpenFrame,
    answer: Answer,
    written: Promise<unknown> | undefined,
    msLeft: number,
    then: () => void,
  ): void {
    // Its pixels must not stay in memory for as long as a disk hangs: the queue has let go of them.
    const { answer: tell } = frame;
    const leave = () => {
      tell(answer);
      then();
    };
    if (written === undefined) {
      leave();
      return;
    }
    const giving: Promise<void> = this.#within(Math.max(msLeft, LEAST_WAIT_MS), written).then(() => {
      leave();
      this.#underWay.delete(giving);
    });
    this.#underWay.add(giving);
  }

  /** Resolves when all answers have left. */
  async allGiven(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  #within(limitMs: number, written: Promise<unknown>): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(limitMs, resolve);
      void written.then(() => {
        cancel();
        resolve();
      });
    });
  }
}
