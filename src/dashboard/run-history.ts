import { BoundedMap } from "../protocol/bounded-map.js";
import type { FrameMessage } from "../protocol/messages.js";
import type { ResultRecord } from "../records/record.js";
import type { RunEntry } from "../runs/run-snapshot.js";
import { RunTable } from "../runs/run-table.js";

/** Frames whose headers are kept; the least recently used go first. */
const MAX_HEADERS = 20_000;

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

/** Runs in memory: of this agent since its start, where there is no results store, or of finished data. */
export class MemoryHistory implements RunHistory {
  readonly problem: undefined;
  readonly #runs = new Map<string, RunTable>();
  readonly #headers = new BoundedMap<string, FrameMessage>(MAX_HEADERS);

  apply(record: ResultRecord): void {
    const { session, frame } = record;
    if (frame !== undefined) this.#headers.set(headerKey(frame.session, frame.id), bareHeader(frame));
    if (session === undefined) {
      for (const run of this.#runs.values()) run.apply(record);
      return;
    }
    const run = this.#runs.get(session) ?? new RunTable(session);
    this.#runs.set(session, run);
    run.apply(record);
  }

  listRuns(): Promise<readonly RunEntry[]> {
    const entries = [...this.#runs.values()].map((run) => run.entry());
    return Promise.resolve(entries.sort((a, b) => b.startedMs - a.startedMs));
  }

  snapshot(runId: string): Promise<Uint8Array | undefined> {
    const run = this.#runs.get(runId);
    return Promise.resolve(run && Buffer.from(JSON.stringify(run.snapshot())));
  }

  frame(runId: string, frameId: string): Promise<FrameMessage | undefined> {
    return Promise.resolve(this.#headers.get(headerKey(runId, frameId)));
  }
}

/** Two runs may use the same ids. */
export function headerKey(run: string, frameId: string): string {
  return JSON.stringify([run, frameId]);
}

/** A header for keeping: of what the controller adds of its own, which has no limit of its own, only the name of the file. */
export function bareHeader({ meta, ...header }: FrameMessage): FrameMessage {
  return typeof meta?.file === "string" ? { ...header, meta: { file: meta.file } } : header;
}
