import { type Insertable, type Kysely, sql } from "kysely";
import type { StoreKind } from "./migrations.js";
import { readEarlier } from "./read-records.js";
import { detailRows, recordRow, type StoredRecord, stateRow, storable } from "./record-rows.js";
import type { StoreTables } from "./schema.js";
import type { RunFigures, WrittenRuns } from "./written-runs.js";

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
 * @param written the runs that they are added to; one that is not there is read from the database.
 */
export async function writeRecords(
  db: Kysely<StoreTables>,
  batch: readonly StoredRecord[],
  written: WrittenRuns,
): Promise<void> {
  const rows = new Map(batch.map((stored) => [recordRow(stored), stored]));
  // One statement may not name the same row twice.
  const unique = new Map([...rows.keys()].map((row) => [row.key, row]));
  if (unique.size === 0) return;
  for (const { session } of batch.map(({ record }) => record)) {
    const runId = session === undefined ? undefined : storable(session);
    if (runId === undefined || written.figures(runId) !== undefined) continue;
    // Before its new records are there.
    written.begin(runId, await readEarlier(db, runId));
  }
  const fresh = await db
    .insertInto("records")
    .values([...unique.values()])
    .onConflict((conflict) => conflict.column("key").doNothing())
    .returning("key")
    .execute();
  const isFresh = new Set(fresh.map(({ key }) => key));
  const records = [...unique.values()].filter(({ key }) => isFresh.has(key)).map((row) => rows.get(row)!);
  const runs = new Set<string>();
  const details: ReturnType<typeof detailRows>[] = [];
  const states = new Map<string, Insertable<StoreTables["site_states"]>>();
  for (const stored of records) {
    const { session } = stored.record;
    if (session === undefined) continue;
    const runId = storable(session);
    runs.add(runId);
    const { key = "", state } = written.apply(runId, stored.record) ?? {};
    details.push(detailRows(stored, key));
    if (state === undefined) continue;
    const row = stateRow(runId, key, state);
    states.set(JSON.stringify([row.run_id, row.site_key, row.channel, row.time_index]), row);
  }
  for (const table of DETAIL_TABLES) {
    const values = details.flatMap((detail) => detail[table] ?? []);
    if (values.length > 0) await insertNew(db, table, values);
  }
  if (states.size > 0) await putStates(db, [...states.values()]);
  for (const runId of runs) await countRun(db, runId, written.figures(runId)!);
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

/** Brings the figures of a run up to date. */
async function countRun(
  db: Kysely<StoreTables>,
  id: string,
  { startedMs, lastMs, controller, counts }: RunFigures,
): Promise<void> {
  const times = { started_ms: Math.round(startedMs), last_ms: Math.round(lastMs) };
  const values = { controller: controller === undefined ? null : storable(controller), ...times, ...counts };
  await db
    .insertInto("runs")
    .values({ id, ...values })
    .onConflict((conflict) => conflict.column("id").doUpdateSet(values))
    .execute();
}
