import { type Insertable, type Kysely, sql } from "kysely";
import type { ResultRecord } from "../records/record.js";
import { isSlice } from "../records/slices.js";
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
  const details: ReturnType<typeof detailRows>[] = [];
  const states = new Map<string, Insertable<StoreTables["site_states"]>>();
  for (const stored of records) {
    const { session } = stored.record;
    if (session === undefined) continue;
    const table = await tableOf(db, session);
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
  await countRuns(db, records);
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
async function countRuns(db: Kysely<StoreTables>, records: readonly StoredRecord[]): Promise<void> {
  const runs = new Map<string, StoreTables["runs"]>();
  for (const { record } of records) {
    const { session, recordedMs, controller } = record;
    if (session === undefined) continue;
    const id = storable(session);
    const ms = Math.round(recordedMs);
    const counts = { frames: 0, accepted: 0, retried: 0, flagged: 0, abstained: 0, unscored: 0 };
    const run = runs.get(id) ?? { id, controller: null, started_ms: ms, last_ms: ms, ...counts };
    runs.set(id, run);
    run.controller ??= controller === undefined ? null : storable(controller);
    run.started_ms = Math.min(run.started_ms, ms);
    run.last_ms = Math.max(run.last_ms, ms);
    count(run, record);
  }
  for (const run of runs.values()) {
    const add = (name: keyof StoreTables["runs"]) => sql<number>`${sql.ref(`runs.${name}`)} + ${run[name]}`;
    await db
      .insertInto("runs")
      .values(run)
      .onConflict((conflict) =>
        conflict.column("id").doUpdateSet({
          controller: sql<string | null>`coalesce(runs.controller, ${run.controller})`,
          started_ms: sql<number>`case when runs.started_ms < ${run.started_ms} then runs.started_ms else ${run.started_ms} end`,
          last_ms: sql<number>`case when runs.last_ms > ${run.last_ms} then runs.last_ms else ${run.last_ms} end`,
          frames: add("frames"),
          accepted: add("accepted"),
          retried: add("retried"),
          flagged: add("flagged"),
          abstained: add("abstained"),
          unscored: add("unscored"),
        }),
      )
      .execute();
  }
}

const COUNTED = { accept: "accepted", retry: "retried", flag: "flagged", abstain: "abstained" } as const;

/** A late verdict belongs to a frame that was counted when it was dropped. */
function count(run: StoreTables["runs"], record: ResultRecord): void {
  const { frame } = record;
  if (frame === undefined || (record.type === "verdict" && record.late)) return;
  run.frames++;
  if (isSlice(frame)) return;
  if (record.type === "verdict") run[COUNTED[record.decision]]++;
  else run.unscored++;
}
