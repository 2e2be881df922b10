import type { ResultRecord } from "../records/record.js";
import type { Shelf } from "../records/shelf.js";
import { type LedgerEntry, SiteLedger, sharedShelves } from "../records/site-ledger.js";
import { SITES_HEADER, siteLine } from "../runs/sites-csv.js";
import { ScratchDatabase, type Statement } from "../store/scratch-database.js";

const MAX_HELD = 4000;
/** Runs whose last frames are known by their ids. */
const MAX_RUNS = 8;
/** Rows that wait to be put in the database, at most, and that are taken out at a time. */
const MAX_CHANGED = 5000;
const ROWS_A_PART = 2000;
/** Rows of a run lie together: so many numbers are its own. */
const NUMBERS_OF_RUN = 2 ** 32;

/** The rows of sites.csv, one a site, channel and time point, however many: in memory are those that changed lately. */
export class SitesTable {
  readonly #database: ScratchDatabase;
  readonly #ledger: SiteLedger;
  readonly #runs: Shelf<number>;
  readonly #put: Statement;
  readonly #part: Statement;
  readonly #changed = new Map<string, LedgerEntry>();
  #count = 0;
  #runCount = 0;

  private constructor(database: ScratchDatabase, maxHeld: number) {
    this.#database = database;
    this.#ledger = new SiteLedger({
      maxRuns: MAX_RUNS,
      shelvesOf: sharedShelves({
        namesakes: database.shelf("namesakes", maxHeld),
        numbers: database.shelf("numbers", maxHeld),
        sites: database.shelf("sites", maxHeld),
        accounts: database.shelf("accounts", maxHeld),
      }),
    });
    this.#runs = database.shelf("runs", maxHeld);
    database.createTable("lines", "number INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, line TEXT NOT NULL");
    this.#put = database.prepare(
      "INSERT INTO lines VALUES (?, ?, ?) ON CONFLICT (key) DO UPDATE SET line = excluded.line",
    );
    this.#part = database.prepare(
      "SELECT max(number) AS last, group_concat(line, '') AS text FROM (SELECT number, line FROM lines WHERE number > ? ORDER BY number LIMIT ?)",
    );
  }

  /**
   * @param maxHeld sites, and accounts of them, that are in memory; the others are in a scratch database.
   * @throws StoreError, as all methods do, where there is no room for it.
   */
  static open(maxHeld: number = MAX_HELD): SitesTable {
    return new SitesTable(ScratchDatabase.open(), maxHeld);
  }

  /** @returns whether it has changed. */
  apply(record: ResultRecord): boolean {
    const entry = this.#ledger.apply(record);
    if (entry?.state === undefined) return false;
    const { session, site, state } = entry;
    const key = JSON.stringify([session, state.site, state.timeIndex, state.channel]);
    this.#changed.set(key, { session, site, state });
    if (this.#changed.size >= MAX_CHANGED) this.#settle();
    return true;
  }

  /** All of it as CSV, part by part: run by run, in the order in which sites were first heard of. */
  *text(): Generator<string, void, undefined> {
    this.#settle();
    yield SITES_HEADER;
    for (let last = -1; ; ) {
      const part = this.#part.get(last, ROWS_A_PART) as { last: number | null; text: string | null };
      if (part.last === null || part.text === null) return;
      yield part.text;
      last = part.last;
    }
  }

  close(): void {
    this.#database.close();
  }

  #settle(): void {
    const numbered = [...this.#changed].map(
      ([key, entry]) => [this.#numberIn(entry.session), key, entry] as const,
    );
    this.#database.together(() => {
      for (const [number, key, entry] of numbered) this.#put.run(number, key, siteLine(entry));
    });
    this.#changed.clear();
  }

  /** A number for a row, if it turns out to be new. */
  #numberIn(session: string): number {
    const run = this.#runs.get(session) ?? this.#runCount++;
    this.#runs.set(session, run);
    return run * NUMBERS_OF_RUN + this.#count++;
  }
}
