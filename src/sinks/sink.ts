import type { Logger } from "pino";
import type { Clock } from "../protocol/clock.js";
import type { ResultRecord } from "../records/record.js";

/** What a sink has done. */
export interface SinkCounts {
  readonly written: number;
  /** Failed attempts to write; what they held is tried again. */
  readonly failures: number;
  /** Records that were given up. */
  readonly lost: number;
}

export interface SinkContext {
  readonly log: Logger;
  readonly clock: Clock;
}

/** Where results go. Its constructor does nothing. */
export interface Sink {
  /**
   * Gets ready to write.
   * @returns the file or address it writes to.
   * @throws OutputError or AddressError naming what is in the way.
   */
  start(signal: AbortSignal): Promise<string>;
  /** Whether it may get records once their answers have left: it computes, and nobody asks it for what it was just told. */
  readonly canWait?: boolean;
  /**
   * Takes a record; never waits and never throws. What it returns, if anything, resolves once a crash of the agent could
   * not lose the record, or the sink cannot see to that at present; the verdict waits for it, unless the sink can wait.
   */
  write(record: ResultRecord): Promise<void> | void;
  /** A controller says whether an acquisition runs; once a second. */
  acquiring?(session: string, isAcquiring: boolean): void;
  /** A controller has ended its session. */
  ended?(session: string): void;
  counts(): SinkCounts;
  /** Writes what is left and lets go of everything. */
  stop(): Promise<void>;
}
