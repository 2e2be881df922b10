import { BoundedMap } from "../protocol/bounded-map.js";
import type { ResultRecord } from "../records/record.js";
import { forgetfulShelves, type LedgerChange, SiteLedger } from "../records/site-ledger.js";
import type { KeyedSite } from "../records/site-list.js";
import { FrameCounts } from "../runs/frame-counts.js";

/** Runs that are known; one that was written to longest ago is read again. */
const MAX_RUNS = 1000;
/** Sites of all runs that are known, and accounts of what became of them. */
export const MAX_SITES = 10_000;
const MAX_ACCOUNTS = 4000;

/** The figures of a run: a row of `runs`. */
export interface RunFigures {
  readonly counts: FrameCounts;
  /** Wall clock of the first record, and the latest of any, ms since 1970 UTC: the clock may be set back meanwhile. */
  startedMs: number;
  lastMs: number;
  controller: string | undefined;
}

/** What the database has of a run before it is written to. */
export interface EarlierRun extends RunFigures {
  readonly sites: readonly KeyedSite[];
  /** Its last ones. */
  readonly records: readonly ResultRecord[];
}

/** What has to be known of the runs that are written to: as much of a long one as of a short one. */
export class WrittenRuns {
  readonly #runs = new BoundedMap<string, RunFigures>(MAX_RUNS);
  readonly #ledger = new SiteLedger({
    maxRuns: MAX_RUNS,
    shelvesOf: forgetfulShelves(MAX_SITES, MAX_ACCOUNTS),
  });

  figures(session: string): RunFigures | undefined {
    return this.#runs.get(session);
  }

  /** Takes in a run, so that it can go on; without a past, a new one. @param session as the database names it. */
  begin(session: string, past?: EarlierRun): void {
    if (past === undefined) {
      const [startedMs, lastMs] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
      this.#runs.set(session, { counts: new FrameCounts(), startedMs, lastMs, controller: undefined });
      return;
    }
    const { counts, startedMs, lastMs, controller, sites, records } = past;
    this.#runs.set(session, { counts, startedMs, lastMs, controller });
    this.#ledger.restore(session, sites);
    for (const record of records) this.#ledger.apply(ofRun(record, session));
  }

  /** Takes a record of a run that was begun; gives what it has changed, if it is about a site. */
  apply(session: string, record: ResultRecord): LedgerChange | undefined {
    const figures = this.#runs.get(session)!;
    if (!Number.isFinite(figures.startedMs)) figures.startedMs = record.recordedMs;
    figures.lastMs = Math.max(figures.lastMs, record.recordedMs);
    figures.controller ??= record.controller;
    const change = this.#ledger.apply(ofRun(record, session));
    const { frame, frameBefore } = change?.rows ?? {};
    if (frame !== undefined) figures.counts.count(frame, frameBefore);
    return change;
  }
}

/** A record under the name that its run has here. */
function ofRun(record: ResultRecord, session: string): ResultRecord {
  return record.session === session ? record : { ...record, session };
}
