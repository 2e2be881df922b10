import { withoutTelemetry } from "../../focus/engines/telemetry.js";
import type { FocusReport } from "../../focus/report.js";
import type { ScorerOptions } from "../../focus/scorer.js";
import type { FrameScorer, ModelIdentity, ScoreOptions } from "../../focus/scorer-types.js";
import { FrameThread } from "../../frame-thread.js";
import type { Frame } from "../../frames/frame.js";
import type { LoadedScorer } from "./scoring-worker.js";

/**
 * Scores in a thread of its own, so that whoever calls can answer others meanwhile. If the thread dies, the frames in it
 * fail, and the next one starts another.
 */
export class ScoringThread implements FrameScorer {
  readonly #options: ScorerOptions;
  #thread: Promise<FrameThread>;
  #loaded: LoadedScorer;
  #isDisposed: boolean = false;

  private constructor(options: ScorerOptions, thread: FrameThread, loaded: LoadedScorer) {
    this.#options = options;
    this.#thread = Promise.resolve(thread);
    this.#loaded = loaded;
  }

  /** @throws ParfocalError with the tag and the words of what `Scorer.load` throws. */
  static async load(options: ScorerOptions): Promise<ScoringThread> {
    const thread = startThread();
    return new ScoringThread(options, thread, await loadedIn(thread, options));
  }

  get model(): ModelIdentity {
    return this.#loaded.model;
  }

  /** One line: which engine runs on which device, and why. */
  get engine(): string {
    return this.#loaded.engine;
  }

  score(frame: Frame, { signal, ...options }: ScoreOptions = {}): Promise<FocusReport> {
    return this.#ask("score", frame, options, signal);
  }

  async completed(frame: Frame, report: FocusReport, signal?: AbortSignal): Promise<FocusReport> {
    // Its pixels need not travel for nothing.
    if (report.coverage === "full") return report;
    return this.#ask("completed", frame, { report }, signal);
  }

  async #ask(call: string, frame: Frame, beside: object, signal?: AbortSignal): Promise<FocusReport> {
    const thread = await this.#liveThread();
    signal?.throwIfAborted();
    const { number, answer } = thread.callWithFrame(call, frame, beside);
    const abort = () => void thread.call("abort", number).catch(() => undefined);
    signal?.addEventListener("abort", abort, { once: true });
    try {
      return (await answer) as FocusReport;
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }

  async dispose(): Promise<void> {
    this.#isDisposed = true;
    await (await this.#thread.catch(() => undefined))?.stop();
  }

  /** The thread, or another one where it has ended or could not be started. Several frames may ask at once. */
  async #liveThread(): Promise<FrameThread> {
    const asked = this.#thread;
    const thread = await asked.catch(() => undefined);
    if (thread?.hasEnded === false || this.#isDisposed) return asked;
    if (this.#thread === asked) this.#thread = this.#startAgain(thread);
    return this.#thread;
  }

  async #startAgain(ended: FrameThread | undefined): Promise<FrameThread> {
    await ended?.stop();
    const thread = startThread();
    this.#loaded = await loadedIn(thread, this.#options);
    return thread;
  }
}

function startThread(): FrameThread {
  withoutTelemetry();
  return new FrameThread("scoring-worker.js", import.meta.url);
}

async function loadedIn(thread: FrameThread, options: ScorerOptions): Promise<LoadedScorer> {
  try {
    return (await thread.call("load", options)) as LoadedScorer;
  } catch (error) {
    await thread.stop();
    throw error;
  }
}
