import { type Insertable, type Kysely, sql } from "kysely";
import { isSlice } from "../runs/slices.js";
import type { ResultRecord } from "../sinks/sink.js";
import type { StoreKind } from "./migrations.js";
import { detailRows, recordRow, type StoredRecord, storable } from "./record-rows.js";
import type { StoreTables } from "./schema.js";

type DetailTable = "sites" | "frames" | "attempts" | "actions" | "outcomes" | "models" | "labels";
const DETAIL_TABLES: readonly DetailTable[] = [
  "models",
  "sites",
  "frames",
  "attempts",
  "actions",
  "outcomes",
  "labels",
];

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

/** Writes records and what is read out of them; those that are there already are left as they are. */
export async function writeRecords(db: Kysely<StoreTables>, batch: readonly StoredRecord[]): Promise<void> {
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
  const details = records.map(detailRows);
  for (const table of DETAIL_TABLES) {
    const values = details.flatMap((detail) => detail[table] ?? []);
    if (values.length > 0) await insertNew(db, table, values);
  }
  await countRuns(db, records);
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
    const { session, recordedMs } = record;
    if (session === undefined) continue;
    const id = storable(session);
    const ms = Math.round(recordedMs);
    const counts = { frames: 0, accepted: 0, retried: 0, flagged: 0, abstained: 0, unscored: 0 };
    const run = runs.get(id) ?? { id, started_ms: ms, last_ms: ms, ...counts };
    runs.set(id, run);
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
