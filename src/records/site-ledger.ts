import type { ResultRecord } from "./record.js";
import type { SiteRow } from "./rows.js";
import { type RowChanges, RunRows } from "./run-rows.js";
import { type SiteState, SiteStates } from "./site-state.js";

/** Frames of a run that are known by their ids: what comes later about a frame comes within seconds. */
const MAX_FRAMES = 10_000;

/** A site, channel and time point of a run, and what became of it. */
export interface LedgerEntry {
  readonly session: string;
  readonly site: SiteRow;
  readonly state: SiteState;
}

/** What a record has changed. */
export interface LedgerChange extends LedgerEntry {
  readonly rows: RowChanges;
}

/** What became of all sites of all runs, from their records. */
export class SiteLedger {
  readonly #maxRuns: number;
  readonly #runs = new Map<string, { readonly rows: RunRows; readonly states: SiteStates }>();

  /** @param maxRuns beyond them, the oldest is let go of. */
  constructor(maxRuns: number = Number.POSITIVE_INFINITY) {
    this.#maxRuns = maxRuns;
  }

  /** Takes one record; gives what is known now of the site that it is about, if it is about one. */
  apply(record: ResultRecord): LedgerChange | undefined {
    const { session } = record;
    if (session === undefined) return undefined;
    const run = this.#runs.get(session) ?? { rows: new RunRows(MAX_FRAMES), states: new SiteStates() };
    this.#runs.set(session, run);
    if (this.#runs.size > this.#maxRuns) this.#runs.delete(this.#runs.keys().next().value!);
    const rows = run.rows.apply(record);
    const state = run.states.apply(rows);
    return state && { session, site: run.rows.sites[state.site]!, state, rows };
  }

  /** All sites, run by run, in the order in which they were first heard of. */
  *all(): Generator<LedgerEntry, void, undefined> {
    for (const [session, { rows, states }] of this.#runs) {
      for (const state of states.all()) yield { session, site: rows.sites[state.site]!, state };
    }
  }

  /** Lets go of a site, channel and time point, which begins anew if it is heard of again. */
  forget({ session, state }: LedgerEntry): void {
    this.#runs.get(session)?.states.forget(state);
  }
}
