import { FrameMemory } from "./frame-memory.js";
import type { Frame } from "./frames/frame.js";
import { WorkerThread } from "./worker-thread.js";

/** A worker thread that is given frames (`receivedFrame` there). */
export class FrameThread {
  readonly #thread: WorkerThread;
  readonly #memory = new FrameMemory();
  #count = 0;

  /** @param script file name with .js beside the module whose `import.meta.url` is `base`. */
  constructor(script: string, base: string, workerData: object = {}) {
    this.#thread = new WorkerThread(script, base, { workerData });
  }

  /** Whether no call can succeed any more. */
  get hasEnded(): boolean {
    return this.#thread.hasEnded;
  }

  call(name: string, argument?: unknown): Promise<unknown> {
    return this.#thread.call(name, argument);
  }

  /** Calls a function with `{ ...argument, number, sent }`, `sent` being the frame. Gives the number of the call. */
  callWithFrame(
    name: string,
    frame: Frame,
    argument: object = {},
  ): { number: number; answer: Promise<unknown> } {
    const number = this.#count++;
    const answer = this.#memory.lend(frame, (sent) => this.#thread.call(name, { ...argument, number, sent }));
    return { number, answer };
  }

  stop(): Promise<void> {
    return this.#thread.stop();
  }
}
