import { Push } from "zeromq";
import type { FocusReport } from "../../focus/report.js";
import type { ScorerOptions } from "../../focus/scorer.js";
import type { FrameScorer, ModelIdentity, ScoreOptions } from "../../focus/scorer-types.js";
import { type Frame, pixelTypeOf } from "../../frames/frame.js";
import { WorkerThread } from "../../worker-thread.js";
import type { FrameShape, LoadedScorer, ScoringWorkerData } from "./scoring-worker.js";

/** Threads that were started in this process: each has an address of its own. */
let started = 0;

/**
 * Scores in a thread of its own, so that whoever calls can answer others meanwhile. Pixels go there by reference: a ZeroMQ
 * socket within the process passes the memory of a message on, which Node's own channels would copy. A small frame is
 * scored between two bands of a large one. If the thread dies, the frames in it fail, and the next one starts another.
 */
export class ScoringThread implements FrameScorer {
  readonly #options: ScorerOptions;
  #running: Promise<Incarnation>;
  #loaded: LoadedScorer;
  #count = 0;
  #isDisposed: boolean = false;

  private constructor(options: ScorerOptions, running: Incarnation, loaded: LoadedScorer) {
    this.#options = options;
    this.#running = Promise.resolve(running);
    this.#loaded = loaded;
  }

  /** @throws ParfocalError with the tag and the words of what `Scorer.load` throws. */
  static async load(options: ScorerOptions): Promise<ScoringThread> {
    const running = await incarnate();
    try {
      return new ScoringThread(
        options,
        running,
        (await running.thread.call("load", options)) as LoadedScorer,
      );
    } catch (error) {
      await end(running);
      throw error;
    }
  }

  get model(): ModelIdentity {
    return this.#loaded.model;
  }

  /** One line: which engine runs on which device, and why. */
  get engine(): string {
    return this.#loaded.engine;
  }

  async score(frame: Frame, { signal }: ScoreOptions = {}): Promise<FocusReport> {
    signal?.throwIfAborted();
    const number = this.#count++;
    const incarnation = await this.#running;
    const { thread, pixels } = incarnation;
    const { width, height, bitDepth } = frame;
    const shape: FrameShape = {
      ...{ number, width, height, dtype: pixelTypeOf(frame) },
      ...(bitDepth !== undefined && { bitDepth }),
    };
    const abort = () => void thread.call("abort", number).catch(() => undefined);
    signal?.addEventListener("abort", abort, { once: true });
    try {
      const report = thread.call("score", shape) as Promise<FocusReport>;
      // The thread may end first; that is told by the report.
      pixels.send([String(number), bytesOf(frame)]).catch(() => undefined);
      return await report;
    } catch (error) {
      signal?.throwIfAborted();
      if (thread.hasEnded) this.#startAgain(incarnation);
      throw error;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  async dispose(): Promise<void> {
    this.#isDisposed = true;
    const running = await this.#running.catch(() => undefined);
    if (running === undefined) return;
    await end(running);
  }

  /** Several frames may have been in the thread that ended. */
  #startAgain(ended: Incarnation): void {
    const { pixels } = ended;
    if (this.#isDisposed || pixels.closed) return;
    pixels.close();
    this.#running = this.#incarnateAgain();
    // Told to whoever scores next.
    this.#running.catch(() => undefined);
  }

  async #incarnateAgain(): Promise<Incarnation> {
    const running = await incarnate();
    this.#loaded = (await running.thread.call("load", this.#options)) as LoadedScorer;
    return running;
  }
}

/** One thread and the way of the pixels to it. */
interface Incarnation {
  readonly thread: WorkerThread;
  readonly pixels: Push;
}

async function incarnate(): Promise<Incarnation> {
  const address = `inproc://scoring-${process.pid}-${started++}`;
  // Frames are limited before they come here: no limit of messages may hold one back.
  const pixels = new Push({ sendHighWaterMark: 0, linger: 0 });
  await pixels.bind(address);
  const workerData: ScoringWorkerData = { address };
  return { thread: new WorkerThread("scoring-worker.js", import.meta.url, { workerData }), pixels };
}

async function end({ thread, pixels }: Incarnation): Promise<void> {
  await thread.stop();
  if (!pixels.closed) pixels.close();
}

function bytesOf({ pixels }: Frame): Buffer {
  return Buffer.from(pixels.buffer, pixels.byteOffset, pixels.byteLength);
}
