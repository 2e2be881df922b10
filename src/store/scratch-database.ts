import { reasonOf, StoreError } from "../errors.js";
import type { Shelf } from "../records/shelf.js";
import { openSqlite, type Sqlite, type SqliteStatement, type SqliteValue } from "./sqlite.js";

/** Of the database in memory, KiB; the rest of it is in a file. */
const CACHE_KIB = 8192;

/** A statement, with values for its parameters. */
export interface Statement {
  run(...values: readonly SqliteValue[]): unknown;
  get(...values: readonly SqliteValue[]): unknown;
  iterate(...values: readonly SqliteValue[]): IterableIterator<unknown>;
}

/**
 * A database for what does not fit in memory, gone with its process. SQLite makes a file for it only once it is larger than its cache,
 * in the folder for temporary files (`SQLITE_TMPDIR`, `TMPDIR`, /var/tmp). Every method throws a StoreError if that disk refuses; what
 * it held then is not to be relied upon.
 */
export class ScratchDatabase {
  readonly #sqlite: Sqlite;

  private constructor(sqlite: Sqlite) {
    this.#sqlite = sqlite;
  }

  static open(): ScratchDatabase {
    return attempt(() => {
      // A database without a name would be all in memory; tables that are temporary have a file.
      const sqlite = openSqlite("");
      sqlite.exec(
        `PRAGMA temp_store = file; PRAGMA temp.cache_size = -${CACHE_KIB}; PRAGMA temp.journal_mode = off; PRAGMA synchronous = off;`,
      );
      return new ScratchDatabase(sqlite);
    });
  }

  /** @param columns as in SQL. */
  createTable(name: string, columns: string): void {
    attempt(() => this.#sqlite.exec(`CREATE TEMP TABLE ${name} (${columns})`));
  }

  prepare(sql: string): Statement {
    const statement: SqliteStatement = attempt(() => this.#sqlite.prepare(sql));
    return {
      run: (...values) => attempt(() => statement.run(values)),
      get: (...values) => attempt(() => statement.get(values)),
      iterate: (...values) => attempt(() => statement.iterate(values)),
    };
  }

  /** Many changes at once, which is quicker. */
  together(change: () => void): void {
    attempt(() => this.#sqlite.exec("BEGIN"));
    change();
    attempt(() => this.#sqlite.exec("COMMIT"));
  }

  /**
   * Values that JSON can hold.
   * @param name of its table. @param most that are in memory: those asked for last.
   */
  shelf<V>(name: string, most: number): Shelf<V> {
    this.createTable(name, "key TEXT NOT NULL UNIQUE, value TEXT NOT NULL");
    return new ScratchShelf<V>(this, name, most);
  }

  close(): void {
    this.#sqlite.close();
  }
}

class ScratchShelf<V> implements Shelf<V> {
  readonly #database: ScratchDatabase;
  readonly #most: number;
  readonly #select: Statement;
  readonly #selectAll: Statement;
  readonly #put: Statement;
  /** The one that was asked for last comes last. */
  readonly #held = new Map<string, V>();
  /** Keys of those held that are not written as they are. */
  readonly #changed = new Set<string>();

  constructor(database: ScratchDatabase, name: string, most: number) {
    this.#database = database;
    this.#most = most;
    this.#select = database.prepare(`SELECT value FROM ${name} WHERE key = ?`);
    this.#selectAll = database.prepare(`SELECT key, value FROM ${name} ORDER BY rowid`);
    this.#put = database.prepare(
      `INSERT INTO ${name} (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
    );
  }

  get(key: string): V | undefined {
    const held = this.#held.get(key);
    const value = held ?? this.#read(key);
    if (value !== undefined) this.#hold(key, value);
    return value;
  }

  set(key: string, value: V): void {
    this.#changed.add(key);
    this.#hold(key, value);
  }

  *entries(): Generator<readonly [string, V], void, undefined> {
    this.#write();
    for (const row of this.#selectAll.iterate()) {
      const { key, value } = row as { key: string; value: string };
      yield [key, this.#held.get(key) ?? (JSON.parse(value) as V)];
    }
  }

  #read(key: string): V | undefined {
    const row = this.#select.get(key) as { value: string } | undefined;
    return row && (JSON.parse(row.value) as V);
  }

  #hold(key: string, value: V): void {
    this.#held.delete(key);
    this.#held.set(key, value);
    if (this.#held.size <= this.#most) return;
    this.#write();
    // Several at a time, so that few transactions do.
    const kept = this.#most / 2;
    for (const oldest of this.#held.keys()) {
      if (this.#held.size <= kept) break;
      this.#held.delete(oldest);
    }
  }

  #write(): void {
    this.#database.together(() => {
      for (const key of this.#changed) this.#put.run(key, JSON.stringify(this.#held.get(key)));
    });
    this.#changed.clear();
  }
}

function attempt<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof StoreError) throw cause;
    const reason = `cannot be used: ${reasonOf(cause)}; give the folder for temporary files (TMPDIR) more room`;
    throw new StoreError("the database for what does not fit in memory", reason, { cause });
  }
}
