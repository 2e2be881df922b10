import { createRequire } from "node:module";
import type { SqliteDatabase } from "kysely";
import { uncut } from "../native-calls.js";

/** What a parameter of a statement can be. */
export type SqliteValue = string | number;

/** What is to be done where SQLite refuses, by what it says; empty where nobody can tell. */
export function adviceOn(reason: string): string {
  if (/is locked/.test(reason)) return "; another program is changing it: let it finish, or close it there";
  if (/malformed|not a database/.test(reason)) {
    return "; it is damaged: move it away, and it is made again from results.jsonl";
  }
  return "";
}

/** Statements that are refused while another program writes. */
const OF_TRANSACTIONS = /^\s*(begin|commit|rollback)\b/i;

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
    prepare: (sql) => {
      const statement = new UncutStatement(uncut(() => sqlite.prepare(sql)));
      return OF_TRANSACTIONS.test(sql) ? executed(statement, () => uncut(() => sqlite.exec(sql))) : statement;
    },
    close: () => uncut(() => sqlite.close()),
  };
}

/**
 * One that ends when it is refused: a prepared statement of libsql (0.5.29) then counts as in progress until it is collected as garbage,
 * and nothing can be committed meanwhile.
 */
function executed(statement: SqliteStatement, execute: () => unknown): SqliteStatement {
  const run = () => {
    execute();
    return { changes: 0, lastInsertRowid: 0 };
  };
  return Object.assign(statement, { run });
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
