import type { Logger } from "pino";
import { reasonOf } from "../errors.js";
import type { Clock } from "../protocol/clock.js";
import type { ResultRecord } from "../records/record.js";
import type { Sink, SinkCounts } from "../sinks/sink.js";
import { AFTER_ANSWER_MS } from "./answers.js";

/** Passes records on to the sinks; none of them can end the agent, or keep the others from a record. */
export class Recorder {
  readonly #sinks: ReadonlyMap<string, Sink>;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #started: Sink[] = [];
  /** What the sinks that can wait have still to get. */
  #following: ResultRecord[] = [];

  /** @param sinks in the order in which they start, by name. */
  constructor(sinks: ReadonlyMap<string, Sink>, log: Logger, clock: Clock) {
    this.#sinks = sinks;
    this.#log = log;
    this.#clock = clock;
  }

  /** @returns where each writes, by name. @throws ParfocalError naming what is in the way; the signal's reason if it is aborted. */
  async start(signal: AbortSignal): Promise<Record<string, string>> {
    const places: Record<string, string> = {};
    for (const [name, sink] of this.#sinks) {
      signal.throwIfAborted();
      this.#started.push(sink);
      places[name] = await sink.start(signal);
    }
    return places;
  }

  /** Resolves when the record would survive a crash; undefined if no sink says so. */
  write(record: ResultRecord): Promise<unknown> | undefined {
    const writing = this.#started
      .filter(({ canWait }) => canWait !== true)
      .flatMap((sink) => this.#written(sink, record) ?? []);
    this.#following.push(record);
    if (this.#following.length === 1) this.#clock.after(AFTER_ANSWER_MS, () => this.#follow());
    return writing.length === 0 ? undefined : Promise.all(writing);
  }

  /** A controller has left. */
  ended(session: string): void {
    this.#follow();
    for (const sink of this.#started) sink.ended?.(session);
  }

  /** A controller says whether an acquisition goes on. */
  acquiring(session: string, isAcquiring: boolean): void {
    this.#follow();
    for (const sink of this.#started) sink.acquiring?.(session, isAcquiring);
  }

  counts(): Record<string, SinkCounts> {
    return Object.fromEntries([...this.#sinks].map(([name, sink]) => [name, sink.counts()]));
  }

  /** The last one first. @param quietly sees to one that does not stop cleanly. */
  async stop(quietly: (stopping: Promise<void>) => Promise<void>): Promise<void> {
    // A sink may make records of its own of what it gets.
    while (this.#following.length > 0) this.#follow();
    for (const sink of this.#started.toReversed()) await quietly(sink.stop());
  }

  #follow(): void {
    const records = this.#following;
    this.#following = [];
    const sinks = this.#started.filter(({ canWait }) => canWait === true);
    for (const record of records) for (const sink of sinks) void this.#written(sink, record);
  }

  #written(sink: Sink, record: ResultRecord): Promise<void> | undefined {
    try {
      return sink.write(record) ?? undefined;
    } catch (error) {
      this.#log.error({ reason: reasonOf(error) }, "A record could not be passed on");
      return undefined;
    }
  }
}
