import { isParfocalError, reasonOf } from "../errors.js";
import type { FocusReport } from "../focus/report.js";
import { holdFrame } from "../frame-memory.js";
import { type Clock, systemClock } from "../protocol/clock.js";
import type {
  AbandonMessage,
  AlertMessage,
  ChangeMessage,
  DropReason,
  ErrorMessage,
  OutcomeMessage,
} from "../protocol/messages.js";
import type { RecordContext, ResultRecord } from "../records/record.js";
import { RefocusPolicy } from "../refocus/policy.js";
import { binningOf, rulesFor, valuesOf } from "../refocus/thresholds.js";
import type { AgentState, Health } from "../sinks/agent-health.js";
import type { Answer, FrameSource, IncomingFrame, SourceHandler } from "../sources/source.js";
import type { AgentOptions } from "./agent-options.js";
import { AFTER_ANSWER_MS, Answers } from "./answers.js";
import { FrameQueue, type Lane } from "./frame-queue.js";
import { HealthCounters } from "./health.js";
import { InOrder } from "./in-order.js";
import { memoryBudget } from "./memory-budget.js";
import { type OpenFrame, OpenFrames } from "./open-frames.js";
import { Recorder } from "./recorder.js";
import { RefusedInput } from "./refused-input.js";
import { UnfamiliarFrames } from "./unfamiliar-frames.js";
import { scoresOf, verdictOf } from "./verdict.js";

/** Where the started parts listen and write, by name of the source or sink. */
export type AgentEndpoints = Readonly<Partial<Record<string, string>>>;

/**
 * The pipeline: sources, queue, scorer, policy, sinks. Every frame that arrives is answered exactly once, and every
 * answer is recorded; nothing that a frame, a scorer or a sink does ends the agent. One agent starts and stops once.
 */
export class Agent implements SourceHandler {
  readonly #options: AgentOptions;
  readonly #clock: Clock;
  readonly #queue: FrameQueue<OpenFrame>;
  /** Decides; its settings may be changed while the agent runs. */
  readonly policy: RefocusPolicy;
  readonly #counters = new HealthCounters();
  readonly #smallFrames = new InOrder();
  /** Aborts scoring when a stop is forced. */
  readonly #forced = new AbortController();
  readonly #open: OpenFrames;
  readonly #answers: Answers;
  readonly #refused: RefusedInput;
  readonly #unfamiliar: UnfamiliarFrames;
  readonly #recorder: Recorder;
  readonly #startedSources: FrameSource[] = [];
  #workers: Promise<void>[] = [];
  #state: AgentState = "new";
  #startedMs: number | undefined;
  #stopping: Promise<void> | undefined;

  constructor(options: AgentOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#queue = new FrameQueue({
      ...options.config.queue,
      bytes: memoryBudget(options.config.queue.memoryMib),
    });
    this.policy = new RefocusPolicy(options.config.policy, options.focusMap);
    this.#open = new OpenFrames(this.#clock);
    this.#answers = new Answers(this.#clock);
    this.#recorder = new Recorder(options.sinks, options.log, this.#clock);
    this.#refused = new RefusedInput(options.log, this.#clock);
    this.#unfamiliar = new UnfamiliarFrames(options.log);
  }

  /**
   * Starts sinks, then sources, and begins to score. On failure what was started is stopped again.
   * @throws ParfocalError naming what is in the way; the signal's reason if it is aborted.
   */
  async start(signal: AbortSignal = new AbortController().signal): Promise<AgentEndpoints> {
    this.#state = "starting";
    this.#startedMs = this.#clock.wallMs();
    let places: AgentEndpoints;
    try {
      places = { ...(await this.#recorder.start(signal)), ...(await this.#startSources(signal)) };
    } catch (error) {
      await this.stop();
      throw error;
    }
    const { concurrency } = this.#options.config.scorer;
    const lanes: Lane[] = ["large", ...Array.from({ length: concurrency }, () => "small" as const)];
    this.#workers = lanes.map((lane) => this.#work(lane));
    this.#state = "running";
    return places;
  }

  async #startSources(signal: AbortSignal): Promise<AgentEndpoints> {
    const places: Record<string, string> = {};
    for (const [name, source] of this.#options.sources) {
      signal.throwIfAborted();
      this.#startedSources.push(source);
      places[name] = await source.start(this, signal);
    }
    return places;
  }

  /** Finishes the frames that wait, `agent.drainMs` at most, and stops. Aborting `force` cuts that short. */
  stop(force?: AbortSignal): Promise<void> {
    this.#stopping ??= this.#stop();
    if (force?.aborted) this.#forced.abort();
    force?.addEventListener("abort", () => this.#forced.abort(), { once: true });
    return this.#stopping;
  }

  health(): Health {
    return this.#counters.health({
      state: this.#state,
      startedMs: this.#startedMs,
      queueDepth: this.#queue.length,
      sinks: this.#recorder.counts(),
    });
  }

  frame(incoming: IncomingFrame): Promise<void> {
    this.#counters.received++;
    this.#counters.lastFrameMs = this.#clock.wallMs();
    const frame = this.#open.open(incoming, (overdue) => this.#tooLate(overdue));
    for (const { item, why } of this.#queue.push(frame)) this.#drop(item, why);
    return frame.isDone;
  }

  problem(source: string, error: ErrorMessage, file?: string): void {
    this.#refused.tell(source, error);
    void this.#record({
      ...error,
      recordedMs: this.#clock.wallMs(),
      source,
      ...(file !== undefined && { file }),
    });
  }

  lost(session: string, count: number): void {
    this.#counters.lost += count;
    this.#options.log.warn({ session, count }, "Frames were lost on the way to the agent");
  }

  bye(session: string): void {
    this.#options.log.info({ session }, "Controller disconnected");
    this.note(...this.policy.forget(session, "the controller disconnected"));
    this.#recorder.ended(session);
  }

  acquiring(session: string, isAcquiring: boolean): void {
    this.#recorder.acquiring(session, isAcquiring);
  }

  abandon(message: AbandonMessage): void {
    const { session, site, why, reason } = message;
    this.#options.log.warn({ session, site: site.name, why, reason }, "Controller ended a site");
    const outcome = this.policy.abandon(message);
    this.note(message, ...(outcome === undefined ? [] : [outcome]));
    // An agent that was held up may find a frame and, behind it, that nobody waits for it any more.
    for (const frame of this.#open.abandoned(message)) this.#tooLate(frame);
  }

  queued(): number {
    return this.#queue.length;
  }

  async #work(lane: Lane): Promise<void> {
    for (let job = await this.#queue.take(lane); job !== undefined; job = await this.#queue.take(lane)) {
      await this.#process(job, lane);
      this.#queue.release(job);
      // A scorer that answers at once must not keep sockets and timers waiting.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async #process(job: OpenFrame, lane: Lane): Promise<void> {
    const takenMs = this.#clock.now();
    const { scorer } = this.#options;
    try {
      const report = await this.#score(job, lane);
      await this.#open.slicesBefore(job.header, this.#forced.signal);
      const doneMs = this.#clock.now();
      if (this.#open.isOverdue(job)) this.#drop(job, "deadline");
      const isLate = job.isSettled;
      // Nobody waits for a late verdict any more, so it must not lead to an action.
      const header = isLate ? ({ ...job.header, mode: "observe" } as const) : job.header;
      const judgement = this.policy.judge(header, report, this.#clock.wallMs());
      const rules = rulesFor(this.policy.settings, header.channel);
      const verdict = verdictOf(job.header, report, judgement, rules, scorer.model, {
        queueMs: takenMs - job.receivedMs,
        scoreMs: doneMs - takenMs,
        totalMs: this.#clock.now() - job.receivedMs,
      });
      this.#unfamiliar.note(header, report);
      const beside = { ...scoresOf(report), rules: valuesOf(rules) };
      if (isLate) void this.#record({ ...verdict, ...this.#contextOf(job), ...beside, late: true });
      else {
        const letGo = holdFrame(job.frame);
        this.#end(job, verdict, beside, () => {
          this.#answered(job, report);
          letGo();
        });
      }
      this.note(...judgement.outcomes);
      if (isLate) this.#answered(job, report);
    } catch (error) {
      if (this.#forced.signal.aborted) this.#drop(job, "shutdown");
      else this.#fail(job, error);
    }
  }

  /** Small frames come out in their order, though one that leaves doubt takes longer than the next. */
  #score({ frame, header }: OpenFrame, lane: Lane): Promise<FocusReport> {
    const binning = binningOf(this.policy.settings.optics, header);
    const scoring = this.#options.scorer.score(frame, { signal: this.#forced.signal, binning });
    return lane === "small" ? this.#smallFrames.after(scoring) : scoring;
  }

  /** Records how a frame ends and answers it. */
  #end(job: OpenFrame, answer: Answer, beside: Partial<ResultRecord> = {}, then = () => {}): void {
    const msLeft = this.#open.msLeft(job);
    this.#open.settle(job);
    const written = this.#record({ ...answer, ...this.#contextOf(job), ...beside } as ResultRecord);
    this.#answers.give(job, answer, written, msLeft, then);
  }

  /** What is left to do once nobody waits for the frame any more. */
  #answered(job: OpenFrame, report: FocusReport): void {
    this.#options.onScored?.(job, report);
    this.#clock.after(AFTER_ANSWER_MS, this.#learn);
  }

  /** Others have their turn between the parts. */
  readonly #learn = (): void => {
    if (this.policy.learnSome()) setImmediate(this.#learn);
  };

  /** Nobody waits for a frame any more: it is scored only if it is in work, and then only recorded. */
  #tooLate(job: OpenFrame): void {
    this.#queue.remove(job);
    this.#drop(job, "deadline");
  }

  /** Ends a frame that gets no verdict in time. */
  #drop(job: OpenFrame, why: DropReason): void {
    if (job.isSettled) return;
    const { id, session } = job.header;
    this.#end(job, { v: 1, type: "drop", id, session, why });
    this.#unanswered(job, `a frame got no verdict: ${why}`);
  }

  #fail(job: OpenFrame, cause: unknown): void {
    const { id, session } = job.header;
    const code = isParfocalError(cause, "FrameShapeError") ? "unscorable" : "scorer-failed";
    const error = { v: 1, type: "error", id, session, code, message: reasonOf(cause) } as const;
    this.#options.log.warn({ id, session, code, reason: error.message }, "A frame could not be scored");
    if (job.isSettled) return;
    this.#end(job, error);
    this.#unanswered(job, "a frame could not be scored");
  }

  #unanswered({ header }: OpenFrame, why: string): void {
    if (header.mode !== "gate") return;
    const outcome = this.policy.unanswered(header, why);
    if (outcome !== undefined) this.note(outcome);
  }

  /** Records what became of sites, what somebody changed, and what somebody should look at. */
  note(...messages: readonly (OutcomeMessage | AbandonMessage | ChangeMessage | AlertMessage)[]): void {
    for (const message of messages) void this.#record({ ...message, recordedMs: this.#clock.wallMs() });
  }

  #contextOf({ source, controller, header }: OpenFrame): RecordContext {
    const recordedMs = this.#clock.wallMs();
    return { recordedMs, source, ...(controller !== undefined && { controller }), frame: header };
  }

  /** Resolves when the record would survive a crash; undefined if no sink says so. */
  #record(record: ResultRecord): Promise<unknown> | undefined {
    this.#counters.count(record);
    return this.#recorder.write(record);
  }

  async #stop(): Promise<void> {
    this.#state = "draining";
    this.#queue.close();
    await Promise.all(this.#startedSources.map((source) => this.#quietly(source.pause())));
    await this.#drained();
    this.#forced.abort();
    this.#queue.clear();
    for (const job of this.#open.all()) this.#drop(job, "shutdown");
    this.note(...this.policy.forget(undefined, "the agent stopped"));
    await this.#answers.allGiven();
    await Promise.all(this.#startedSources.map((source) => this.#quietly(source.stop())));
    await this.#recorder.stop((stopping) => this.#quietly(stopping));
    this.#state = "stopped";
  }

  /** Resolves when all frames are scored, the drain time is over or the stop is forced. */
  #drained(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#forced.signal.aborted) resolve();
      else this.#forced.signal.addEventListener("abort", () => resolve(), { once: true });
      const cancel = this.#clock.after(this.#options.config.agent.drainMs, resolve);
      void Promise.all(this.#workers).then(() => {
        cancel();
        resolve();
      });
    });
  }

  async #quietly(stopping: Promise<void>): Promise<void> {
    await stopping.catch((error: unknown) => {
      this.#options.log.error({ reason: reasonOf(error) }, "A part of the agent did not stop cleanly");
    });
  }
}
