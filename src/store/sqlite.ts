import { createRequire } from "node:module";
import type { SqliteDatabase } from "kysely";
import { uncut } from "../native-calls.js";

/** What a parameter of a statement can be. */
export type SqliteValue = string | number;

/** A statement as Kysely takes it, whose values come in a list. */
export interface SqliteStatement {
  readonly reader: boolean;
  all(values: readonly unknown[]): unknown[];
  get(values: readonly unknown[]): unknown;
  run(values: readonly unknown[]): { changes: number | bigint; lastInsertRowid: number | bigint };
  iterate(values: readonly unknown[]): IterableIterator<unknown>;
}

/** What is used of `libsql`, whose interface is that of better-sqlite3. */
export interface Sqlite extends SqliteDatabase {
  prepare(sql: string): SqliteStatement;
  exec(sql: string): unknown;
}

/**
 * Opens a SQLite database. Its calls are not cut short when the thread that makes them is ended.
 * @param path of its file; empty for one that has none.
 * @throws what libsql throws, as all of its methods do.
 */
export function openSqlite(path: string): Sqlite {
  // A CommonJS module with a native part.
  const Database = createRequire(import.meta.url)("libsql") as new (path: string) => Sqlite;
  const sqlite = uncut(() => new Database(path));
  return {
    exec: (sql) => uncut(() => sqlite.exec(sql)),
    prepare: (sql) => new UncutStatement(uncut(() => sqlite.prepare(sql))),
    close: () => uncut(() => sqlite.close()),
  };
}

class UncutStatement implements SqliteStatement {
  readonly #statement: SqliteStatement;

  constructor(statement: SqliteStatement) {
    this.#statement = statement;
  }

  get reader(): boolean {
    return uncut(() => this.#statement.reader);
  }

  all(values: readonly unknown[]): unknown[] {
    return uncut(() => this.#statement.all(values));
  }

  get(values: readonly unknown[]): unknown {
    return uncut(() => this.#statement.get(values));
  }

  run(values: readonly unknown[]): ReturnType<SqliteStatement["run"]> {
    return uncut(() => this.#statement.run(values));
  }

  iterate(values: readonly unknown[]): IterableIterator<unknown> {
    return uncutRows(uncut(() => this.#statement.iterate(values)));
  }
}

function* uncutRows(rows: IterableIterator<unknown>): Generator<unknown, void, undefined> {
  for (let row = uncut(() => rows.next()); !row.done; row = uncut(() => rows.next())) yield row.value;
}
