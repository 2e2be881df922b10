import { existsSync, statSync } from "node:fs";
import { access, constants, open, stat } from "node:fs/promises";
import { Socket } from "node:net";
import { dirname, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type Dialect, Kysely, Migrator, PostgresDialect, SqliteDialect } from "kysely";
import { connectionReason, reasonOf, StoreError } from "../errors.js";
import { fileReason, NOT_A_FILE } from "../frames/file-reasons.js";
import { migrationsFor, type StoreKind } from "./migrations.js";
import type { StoreTables } from "./schema.js";
import { adviceOn, openSqlite, type Sqlite } from "./sqlite.js";

const BUSY_MS = 5000;
/** How long PostgreSQL may be silent before its connection is given up, ms: a network that goes away ends none by itself for minutes. */
const SILENT_MS = 30_000;
/** How long PostgreSQL may take to answer a connection, ms. */
const CONNECT_MS = 5000;
const MAX_CONNECTIONS = 2;

const HOW_TO_WRITE_URLS =
  "its address is no postgres://USER:PASSWORD@HOST:PORT/NAME; in a password, write # as %23, / as %2F, ? as %3F, @ as %40";

/** Address of the store in a folder of results. */
export function storeUrlIn(resultsFolder: string): string {
  return pathToFileURL(resolve(resultsFolder, "parfocal.db")).href;
}

/** A store's address fit for logs: without its password. */
export function storePlace(url: string): string {
  if (url.startsWith("file:")) return pathOf(url);
  try {
    const parsed = new URL(url);
    parsed.password = "";
    parsed.search = "";
    return parsed.href;
  } catch {
    return "the database";
  }
}

/** What a database is opened for, and how long it may keep whoever asks it waiting. */
export interface StoreUse {
  /** Whether nothing is to be written: a file that nobody may write to is then opened, too. */
  readonly isForReading?: boolean;
  /** For another program that writes the same SQLite file, ms. */
  readonly busyMs?: number;
  /** For a PostgreSQL that does not answer, ms. */
  readonly silentMs?: number;
}

export interface OpenStore {
  readonly db: Kysely<StoreTables>;
  readonly kind: StoreKind;
}

/**
 * Opens a database and brings its schema up to date.
 * @param url `file:PATH` or `postgres://...`
 * @throws StoreError naming the database and what to do.
 */
export async function openDatabase(url: string, use: StoreUse = {}): Promise<OpenStore> {
  const { isForReading = false, busyMs = BUSY_MS, silentMs = SILENT_MS } = use;
  const kind: StoreKind = url.startsWith("file:") ? "sqlite" : "postgres";
  let db: Kysely<StoreTables> | undefined;
  try {
    db = new Kysely<StoreTables>({
      dialect:
        kind === "sqlite" ? await sqlite(pathOf(url), busyMs, isForReading) : await postgres(url, silentMs),
    });
    await migrate(db, kind);
    return { db, kind };
  } catch (cause) {
    await db?.destroy().catch(() => undefined);
    const reason = await reasonFor(url, cause);
    const advice =
      kind === "sqlite"
        ? adviceOn(reason) || "; if it is damaged, move it away: it is made again from results.jsonl"
        : "; check database.url and that the server is up; results.jsonl has everything meanwhile";
    throw new StoreError(storePlace(url), `cannot be opened: ${reason}${advice}`, { cause });
  }
}

/** Why a database cannot be opened: of a file, what the file system says before SQLite's number. */
async function reasonFor(url: string, cause: unknown): Promise<string> {
  if (!url.startsWith("file:")) {
    const isUnreadable = (cause as { code?: unknown }).code === "ERR_INVALID_URL";
    return isUnreadable ? HOW_TO_WRITE_URLS : connectionReason(cause);
  }
  try {
    const path = pathOf(url);
    const isThere = existsSync(path);
    if (isThere && !statSync(path).isDirectory() && !statSync(path).isFile()) return NOT_A_FILE;
    if (isThere) await (await open(path, "r+")).close();
    else await access(dirname(path), constants.W_OK);
  } catch (error) {
    return fileReason(error);
  }
  return reasonOf(cause);
}

async function migrate(db: Kysely<StoreTables>, kind: StoreKind): Promise<void> {
  const migrations = migrationsFor(kind);
  const migrator = new Migrator({ db, provider: { getMigrations: () => Promise.resolve(migrations) } });
  const { error } = await migrator.migrateToLatest();
  if (error === undefined) return;
  if (/corrupted migrations|is missing/.test(reasonOf(error))) {
    throw new Error("it was written by a newer version of Parfocal; update this one", { cause: error });
  }
  throw error;
}

async function sqlite(path: string, busyMs: number, isForReading: boolean): Promise<Dialect> {
  const database = isForReading && (await isArchived(path)) ? openArchived(path) : openSqlite(path);
  database.exec(`PRAGMA busy_timeout = ${busyMs}; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;`);
  return new SqliteDialect({ database });
}

/** Whether all of a database is in its file, and no log, which even reading needs, can be made beside it. */
async function isArchived(path: string): Promise<boolean> {
  const log = await stat(`${path}-wal`).catch(() => undefined);
  if (log !== undefined && log.size > 0) return false;
  return access(dirname(path), constants.W_OK).then(
    () => false,
    () => existsSync(path),
  );
}

/** Opens a file that stays as it is: SQLite then does without a log and locks. */
function openArchived(path: string): Sqlite {
  return openSqlite(`${pathToFileURL(path).href}?immutable=1`);
}

async function postgres(url: string, silentMs: number): Promise<Dialect> {
  const { default: pg } = await import("pg");
  // Times in ms fit a double exactly; as text they would not compare.
  pg.types.setTypeParser(pg.types.builtins.INT8, Number);
  const pool = new pg.Pool({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_MS,
    max: MAX_CONNECTIONS,
    application_name: "parfocal",
    stream: () => {
      const socket = new Socket();
      const error = new Error(`no answer within ${silentMs / 1000} s`);
      return socket.setTimeout(silentMs, () => void socket.destroy(error));
    },
  });
  // A connection that breaks while it rests, or between two queries; the next one tells.
  pool.on("error", () => undefined);
  pool.on("connect", (client) => client.on("error", () => undefined));
  return new PostgresDialect({ pool });
}

function pathOf(url: string): string {
  return url.startsWith("file:///") ? fileURLToPath(url) : resolve(url.slice("file:".length));
}
