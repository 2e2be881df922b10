import { type Insertable, type Kysely, sql } from "kysely";
import type { RunTable } from "../runs/run-table.js";
import type { StoreKind } from "./migrations.js";
import { detailRows, recordRow, type StoredRecord, stateRow, storable } from "./record-rows.js";
import type { StoreTables } from "./schema.js";

const DETAIL_TABLES = [
  "models",
  "sites",
  "frames",
  "attempts",
  "actions",
  "outcomes",
  "abandons",
  "labels",
] as const;
type DetailTable = (typeof DETAIL_TABLES)[number];

/** The run of a record, with all of its records that are in the database. */
export type TableOf = (db: Kysely<StoreTables>, session: string) => Promise<RunTable>;

/**
 * All or nothing. SQLite takes a transaction back by itself when the disk is full; taking it back again fails, which must
 * not hide the reason.
 */
export function inTransaction<T>(
  db: Kysely<StoreTables>,
  kind: StoreKind,
  use: (db: Kysely<StoreTables>) => Promise<T>,
): Promise<T> {
  return db.connection().execute(async (connection) => {
    await (kind === "sqlite" ? sql`begin immediate` : sql`begin`).execute(connection);
    try {
      const result = await use(connection);
      await sql`commit`.execute(connection);
      return result;
    } catch (error) {
      await sql`rollback`.execute(connection).catch(() => undefined);
      throw error;
    }
  });
}

/**
 * Writes records and what is read out of them; those that are there already are left as they are.
 * @param tableOf gives the run that they are added to.
 */
export async function writeRecords(
  db: Kysely<StoreTables>,
  batch: readonly StoredRecord[],
  tableOf: TableOf,
): Promise<void> {
  const rows = new Map(batch.map((stored) => [recordRow(stored), stored]));
  // One statement may not name the same row twice.
  const unique = new Map([...rows.keys()].map((row) => [row.key, row]));
  if (unique.size === 0) return;
  const fresh = await db
    .insertInto("records")
    .values([...unique.values()])
    .onConflict((conflict) => conflict.column("key").doNothing())
    .returning("key")
    .execute();
  const isFresh = new Set(fresh.map(({ key }) => key));
  const records = [...unique.values()].filter(({ key }) => isFresh.has(key)).map((row) => rows.get(row)!);
  const runs = new Map<string, RunTable>();
  const details: ReturnType<typeof detailRows>[] = [];
  const states = new Map<string, Insertable<StoreTables["site_states"]>>();
  for (const stored of records) {
    const { session } = stored.record;
    if (session === undefined) continue;
    const table = runs.get(session) ?? (await tableOf(db, session));
    runs.set(session, table);
    const { site, state } = table.apply(stored.record);
    const key = site === undefined ? "" : table.keyOfSite(site);
    details.push(detailRows(stored, key));
    if (state === undefined) continue;
    const row = stateRow(storable(session), key, state);
    states.set(JSON.stringify([row.run_id, row.site_key, row.channel, row.time_index]), row);
  }
  for (const table of DETAIL_TABLES) {
    const values = details.flatMap((detail) => detail[table] ?? []);
    if (values.length > 0) await insertNew(db, table, values);
  }
  if (states.size > 0) await putStates(db, [...states.values()]);
  await countRuns(db, runs);
}

/** Writes what became of sites over what was known of them. */
export async function putStates(
  db: Kysely<StoreTables>,
  rows: readonly Insertable<StoreTables["site_states"]>[],
): Promise<void> {
  await db
    .insertInto("site_states")
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(["run_id", "site_key", "channel", "time_index"]).doUpdateSet((is) => ({
        status: is.ref("excluded.status"),
        recovered: is.ref("excluded.recovered"),
        level_before: is.ref("excluded.level_before"),
        level: is.ref("excluded.level"),
        z_um: is.ref("excluded.z_um"),
        attempts: is.ref("excluded.attempts"),
        why: is.ref("excluded.why"),
      })),
    )
    .execute();
}

/** Several tables have the same form of insertion; the types of their rows cannot be told apart here. */
async function insertNew(
  db: Kysely<StoreTables>,
  table: DetailTable,
  values: readonly Insertable<StoreTables[DetailTable]>[],
): Promise<void> {
  await db
    .insertInto(table)
    .values(values.map(withStorableText) as Insertable<StoreTables["models"]>[])
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

function withStorableText(row: object): object {
  const entries = Object.entries(row).map(([name, value]: [string, unknown]) => [
    name,
    typeof value === "string" ? storable(value) : value,
  ]);
  return Object.fromEntries(entries) as object;
}

/** Brings the counts of the runs up to date. */
async function countRuns(db: Kysely<StoreTables>, runs: ReadonlyMap<string, RunTable>): Promise<void> {
  for (const [session, table] of runs) {
    const times = { started_ms: Math.round(table.startedMs), last_ms: Math.round(table.lastMs) };
    const controller = table.controller === undefined ? null : storable(table.controller);
    const values = { controller, ...times, ...table.counts };
    await db
      .insertInto("runs")
      .values({ id: storable(session), ...values })
      .onConflict((conflict) => conflict.column("id").doUpdateSet(values))
      .execute();
  }
}
