import type { FrameMessage } from "../protocol/messages.js";
import type { ResultRecord } from "../records/record.js";
import { recordText } from "../records/record-line.js";
import type { RunEntry } from "../runs/run-snapshot.js";
import { RunTable } from "../runs/run-table.js";
import { KeptHeaders } from "./kept-headers.js";

/** Runs that are kept in memory, bytes of their records as JSON; whole runs go, the oldest first. */
const MAX_RUN_BYTES = 128 * 2 ** 20;
/** Headers of their last frames, bytes. */
const MAX_HEADER_BYTES = 16 * 2 ** 20;

/** Where the page's runs come from. */
export interface RunHistory {
  /** Why runs cannot be shown at present, if so. */
  readonly problem: string | undefined;
  /** Told of every record, where it does not get them otherwise. */
  apply?(record: ResultRecord): void;
  /** The newest first. */
  listRuns(): Promise<readonly RunEntry[]>;
  /** A `RunSnapshot` as JSON that holds every record so far; undefined if there is no such run. */
  snapshot(runId: string): Promise<Uint8Array | undefined>;
  /** Header of a frame; undefined if it is not known. */
  frame(runId: string, frameId: string): Promise<FrameMessage | undefined>;
}

interface KeptRun {
  readonly table: RunTable;
  /** How many had begun before it: the clock may be set back between two. */
  readonly number: number;
  bytes: number;
}

/** Runs in memory: of this agent since its start, where there is no results store, or of finished data. */
export class MemoryHistory implements RunHistory {
  readonly #maxBytes: number;
  /** The one that was heard last comes last. */
  readonly #runs = new Map<string, KeptRun>();
  readonly #headers = new KeptHeaders(MAX_HEADER_BYTES);
  #begun = 0;
  #bytes = 0;
  #problem: string | undefined;

  /** @param maxBytes of all runs, as JSON. */
  constructor(maxBytes: number = MAX_RUN_BYTES) {
    this.#maxBytes = maxBytes;
  }

  get problem(): string | undefined {
    return this.#problem;
  }

  apply(record: ResultRecord): void {
    const { session, frame } = record;
    if (frame !== undefined) this.#headers.add(frame);
    if (session === undefined) {
      for (const { table } of this.#runs.values()) table.apply(record);
      return;
    }
    const bytes = recordText(record).length;
    const run = this.#runs.get(session) ?? { table: new RunTable(session), number: this.#begun++, bytes: 0 };
    this.#runs.delete(session);
    this.#runs.set(session, run);
    this.#makeRoom(bytes);
    if (this.#bytes + bytes > this.#maxBytes) {
      const mib = Math.round(this.#maxBytes / 2 ** 20);
      this.#problem = `This run is larger than the ${mib} MiB that are kept without a database; the page shows its beginning`;
      return;
    }
    run.bytes += bytes;
    this.#bytes += bytes;
    run.table.apply(record);
  }

  listRuns(): Promise<readonly RunEntry[]> {
    const runs = [...this.#runs.values()].sort((a, b) => b.number - a.number);
    return Promise.resolve(runs.map(({ table }) => table.entry()));
  }

  snapshot(runId: string): Promise<Uint8Array | undefined> {
    const run = this.#runs.get(runId);
    return Promise.resolve(run && Buffer.from(JSON.stringify(run.table.snapshot())));
  }

  frame(runId: string, frameId: string): Promise<FrameMessage | undefined> {
    return Promise.resolve(this.#headers.get(runId, frameId));
  }

  /** Lets go of runs until there is room, the one that was heard last excepted. */
  #makeRoom(bytes: number): void {
    for (const [session, run] of this.#runs) {
      if (this.#bytes + bytes <= this.#maxBytes || this.#runs.size === 1) return;
      this.#runs.delete(session);
      this.#bytes -= run.bytes;
      this.#problem = undefined;
    }
  }
}
