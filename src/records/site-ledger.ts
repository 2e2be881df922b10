import { BoundedMap } from "../protocol/bounded-map.js";
import type { ResultRecord } from "./record.js";
import type { FrameRow, SiteRow } from "./rows.js";
import { changedRow, type RowChanges, RunRows } from "./run-rows.js";
import { partFor, type Shelf } from "./shelf.js";
import { type Namesakes, SiteKeys } from "./site-keys.js";
import { type KeyedSite, ShelvedSites } from "./site-list.js";
import { type SiteAccount, type SiteState, SiteStates } from "./site-state.js";

/** Frames that are known by their ids: what comes later about a frame comes within seconds. */
export const MAX_FRAMES = 4000;

/** A site, channel and time point of a run, and what became of it. */
export interface LedgerEntry {
  readonly session: string;
  readonly site: SiteRow;
  readonly state: SiteState;
}

/** What a record has changed. */
export interface LedgerChange extends Omit<LedgerEntry, "state"> {
  /** Of the site, the same whenever the records are read again. */
  readonly key: string;
  /** Undefined where no image of it is known, and nothing was said of how it ended. */
  readonly state: SiteState | undefined;
  readonly rows: RowChanges;
}

/** Where a ledger keeps what it knows of a run, but for its last frames. */
export interface LedgerShelves {
  /** By name. */
  readonly namesakes: Shelf<Namesakes>;
  /** By key of the site. */
  readonly numbers: Shelf<number>;
  /** By its number. */
  readonly sites: Shelf<KeyedSite>;
  /** By site, channel and time point. */
  readonly accounts: Shelf<SiteAccount>;
}

export interface SiteLedgerOptions {
  /** Runs whose last frames are known by their ids; beyond them, the one that was heard longest ago is let go of. */
  readonly maxRuns?: number;
  /** Frames of all runs that are known by their ids. @default 4000 */
  readonly maxFrames?: number;
  /** The shelves of a run; those of one that was let go of are asked for again when it is heard again. */
  readonly shelvesOf?: (session: string) => LedgerShelves;
}

interface LedgerRun {
  readonly rows: RunRows;
  readonly states: SiteStates;
  /** Which record was the last one, in the order of all. */
  heard: number;
}

/** What became of all sites of all runs, from their records. */
export class SiteLedger {
  readonly #maxRuns: number;
  readonly #shelvesOf: (session: string) => LedgerShelves;
  readonly #runs = new Map<string, LedgerRun>();
  readonly #frames: BoundedMap<string, FrameRow>;
  #records = 0;

  constructor({ maxRuns, maxFrames, shelvesOf }: SiteLedgerOptions = {}) {
    this.#maxRuns = maxRuns ?? Number.POSITIVE_INFINITY;
    this.#frames = new BoundedMap(maxFrames ?? MAX_FRAMES);
    this.#shelvesOf = shelvesOf ?? shelvesInMemory;
  }

  /** Takes in sites that a run has had before. */
  restore(session: string, sites: Iterable<KeyedSite>): void {
    const { rows } = this.#run(session);
    for (const { key, row } of sites) rows.addSite(row, key);
  }

  /** Takes one record; gives what is known now of the site that it is about, if it is about one. */
  apply(record: ResultRecord): LedgerChange | undefined {
    const { session } = record;
    if (session === undefined) return undefined;
    const run = this.#run(session);
    run.heard = this.#records++;
    const rows = run.rows.apply(record);
    const number = changedRow(rows)?.site;
    if (number === undefined) return undefined;
    const state = run.states.apply(rows);
    const [site, key] = [run.rows.sites.at(number), run.rows.sites.keyAt(number)];
    return site && key !== undefined ? { session, key, site, state, rows } : undefined;
  }

  /** All sites, run by run, in the order in which they were first heard of. */
  *all(): Generator<LedgerEntry, void, undefined> {
    for (const [session, { rows, states }] of this.#runs) {
      for (const state of states.all()) {
        const site = rows.sites.at(state.site);
        if (site !== undefined) yield { session, site, state };
      }
    }
  }

  #run(session: string): LedgerRun {
    return this.#runs.get(session) ?? this.#begin(session);
  }

  #begin(session: string): LedgerRun {
    const { namesakes, numbers, sites, accounts } = this.#shelvesOf(session);
    const rows = new RunRows({
      frames: partFor(session, this.#frames),
      sites: new ShelvedSites(numbers, sites),
      keys: new SiteKeys(namesakes),
    });
    const run = { rows, states: new SiteStates(accounts), heard: this.#records };
    if (this.#runs.size >= this.#maxRuns) {
      const [oldest] = [...this.#runs].reduce((a, b) => (b[1].heard < a[1].heard ? b : a));
      this.#runs.delete(oldest);
    }
    this.#runs.set(session, run);
    return run;
  }
}

/** Shelves that forget nothing. */
function shelvesInMemory(): LedgerShelves {
  return { namesakes: new Map(), numbers: new Map(), sites: new Map(), accounts: new Map() };
}

/** Shelves that all runs share. */
export function sharedShelves(shelves: LedgerShelves): (session: string) => LedgerShelves {
  return (session) => ({
    namesakes: partFor(session, shelves.namesakes),
    numbers: partFor(session, shelves.numbers),
    sites: partFor(session, shelves.sites),
    accounts: partFor(session, shelves.accounts),
  });
}

/** Shelves that forget what was heard longest ago. @param sites of all runs. @param accounts of what became of them, by channel and time. */
export function forgetfulShelves(sites: number, accounts = sites): (session: string) => LedgerShelves {
  return sharedShelves({
    namesakes: new BoundedMap(sites),
    numbers: new BoundedMap(sites),
    sites: new BoundedMap(sites),
    accounts: new BoundedMap(accounts),
  });
}
