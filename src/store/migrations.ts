import { type CreateTableBuilder, type Kysely, type Migration, sql } from "kysely";
import type { StoreTables } from "./schema.js";

/** Which database it is: only the automatic numbers differ. */
export type StoreKind = "sqlite" | "postgres";

/** All versions of the schema; their names sort in their order. A migration that was released is never changed. */
export function migrationsFor(kind: StoreKind): Record<string, Migration> {
  return {
    "2026-11-first": { up: (db) => first(db as Kysely<StoreTables>, kind) },
    "2026-11-site-states": { up: (db) => siteStates(db as Kysely<StoreTables>, kind) },
    "2026-12-confidence": { up: (db) => confidence(db as Kysely<StoreTables>, kind) },
    "2026-12-controllers": { up: (db) => controllers(db as Kysely<StoreTables>) },
    "2026-12-unfamiliar": { up: (db) => unfamiliar(db as Kysely<StoreTables>) },
  };
}

async function first(db: Kysely<StoreTables>, kind: StoreKind): Promise<void> {
  const number = kind === "postgres" ? "double precision" : "real";
  // Whole numbers of the protocol have up to 53 bits.
  const whole = kind === "postgres" ? "bigint" : "integer";
  const { schema } = db;
  const site = <T extends string>(table: CreateTableBuilder<T>) =>
    table.addColumn("run_id", "text", notNull).addColumn("site_key", "text", notNull);
  const place = <T extends string>(table: CreateTableBuilder<T>) =>
    site(table).addColumn("channel", "text", notNull).addColumn("time_index", sql.raw(whole), notNull);

  const records = schema.createTable("records");
  await (kind === "postgres"
    ? records.addColumn("id", "bigserial", (column) => column.primaryKey())
    : records.addColumn("id", "integer", (column) => column.primaryKey().autoIncrement())
  )
    .addColumn("key", "text", (column) => column.notNull().unique())
    .addColumn("run_id", "text")
    .addColumn("type", "text", notNull)
    .addColumn("recorded_ms", sql.raw(whole), notNull)
    .addColumn("record", "text", notNull)
    .execute();
  await schema.createIndex("records_by_run").on("records").columns(["run_id", "id"]).execute();

  await schema
    .createTable("runs")
    .addColumn("id", "text", (column) => column.primaryKey())
    .addColumn("started_ms", sql.raw(whole), notNull)
    .addColumn("last_ms", sql.raw(whole), notNull)
    .addColumn("frames", "integer", notNull)
    .addColumn("accepted", "integer", notNull)
    .addColumn("retried", "integer", notNull)
    .addColumn("flagged", "integer", notNull)
    .addColumn("abstained", "integer", notNull)
    .addColumn("unscored", "integer", notNull)
    .execute();

  await site(schema.createTable("sites"))
    .addColumn("name", "text", notNull)
    .addColumn("plate", "text")
    .addColumn("well", "text")
    .addColumn("row_index", sql.raw(whole))
    .addColumn("column_index", sql.raw(whole))
    .addColumn("site_index", sql.raw(whole))
    .addColumn("x_um", sql.raw(number))
    .addColumn("y_um", sql.raw(number))
    .addPrimaryKeyConstraint("sites_key", ["run_id", "site_key"])
    .execute();

  await place(schema.createTable("frames").addColumn("record_key", "text", (column) => column.primaryKey()))
    .addColumn("frame_id", "text", notNull)
    .addColumn("z_index", sql.raw(whole), notNull)
    .addColumn("attempt", sql.raw(whole), notNull)
    .addColumn("mode", "text", notNull)
    .addColumn("is_slice", "integer", notNull)
    .addColumn("frame_end", "text", notNull)
    .addColumn("why", "text")
    .addColumn("condition", "text")
    .addColumn("level", "integer")
    .addColumn("expected_level", sql.raw(number))
    .addColumn("aggregate_certainty", sql.raw(number))
    .addColumn("mean_certainty", sql.raw(number))
    .addColumn("max_certainty", sql.raw(number))
    .addColumn("decision", "text")
    .addColumn("z_um", sql.raw(number))
    .addColumn("planned_z_um", sql.raw(number))
    .addColumn("z_source", "text")
    .addColumn("pixel_um", sql.raw(number))
    .addColumn("exposure_ms", sql.raw(number))
    .addColumn("model_sha256", "text")
    .addColumn("queue_ms", sql.raw(number))
    .addColumn("score_ms", sql.raw(number))
    .addColumn("total_ms", sql.raw(number))
    .addColumn("recorded_ms", sql.raw(whole), notNull)
    .execute();
  await schema.createIndex("frames_by_id").on("frames").columns(["run_id", "frame_id"]).execute();

  await place(schema.createTable("attempts"))
    .addColumn("attempt", sql.raw(whole), notNull)
    .addColumn("frame_id", "text", notNull)
    .addColumn("z_um", sql.raw(number))
    .addPrimaryKeyConstraint("attempts_key", ["run_id", "site_key", "channel", "time_index", "attempt"])
    .execute();

  await schema
    .createTable("actions")
    .addColumn("record_key", "text", (column) => column.primaryKey())
    .addColumn("run_id", "text", notNull)
    .addColumn("frame_id", "text", notNull)
    .addColumn("kind", "text", notNull)
    .addColumn("by_um", sql.raw(number))
    .addColumn("via_um", sql.raw(number))
    .execute();

  await place(schema.createTable("outcomes").addColumn("record_key", "text", (column) => column.primaryKey()))
    .addColumn("recovered", "text", notNull)
    .addColumn("decision", "text", notNull)
    .addColumn("attempts", sql.raw(whole), notNull)
    .addColumn("level_before", sql.raw(number), notNull)
    .addColumn("level_after", sql.raw(number), notNull)
    .addColumn("z_before_um", sql.raw(number))
    .addColumn("z_after_um", sql.raw(number))
    .addColumn("travel_um", sql.raw(number), notNull)
    .addColumn("keep_frame_id", "text", notNull)
    .addColumn("keep_attempt", sql.raw(whole), notNull)
    .addColumn("why", "text", notNull)
    .addColumn("recorded_ms", sql.raw(whole), notNull)
    .execute();

  await place(schema.createTable("labels").addColumn("record_key", "text", (column) => column.primaryKey()))
    .addColumn("frame_id", "text", notNull)
    .addColumn("mark", "text", notNull)
    .addColumn("image", "text")
    .addColumn("recorded_ms", sql.raw(whole), notNull)
    .execute();

  await schema
    .createTable("models")
    .addColumn("sha256", "text", (column) => column.primaryKey())
    .addColumn("name", "text", notNull)
    .execute();

  await schema
    .createTable("journals")
    .addColumn("path", "text", (column) => column.primaryKey())
    .addColumn("bytes", sql.raw(whole), notNull)
    .execute();
}

async function siteStates({ schema }: Kysely<StoreTables>, kind: StoreKind): Promise<void> {
  const number = kind === "postgres" ? "double precision" : "real";
  const whole = kind === "postgres" ? "bigint" : "integer";
  const place = <T extends string>(table: CreateTableBuilder<T>) =>
    table
      .addColumn("run_id", "text", notNull)
      .addColumn("site_key", "text", notNull)
      .addColumn("channel", "text", notNull)
      .addColumn("time_index", sql.raw(whole), notNull);

  await schema.alterTable("sites").addColumn("position", sql.raw(whole)).execute();

  await place(schema.createTable("abandons").addColumn("record_key", "text", (column) => column.primaryKey()))
    .addColumn("why", "text", notNull)
    .addColumn("reason", "text", notNull)
    .addColumn("recorded_ms", sql.raw(whole), notNull)
    .execute();

  await place(schema.createTable("site_states"))
    .addColumn("status", "text", notNull)
    .addColumn("recovered", "text")
    .addColumn("level_before", sql.raw(number))
    .addColumn("level", sql.raw(number))
    .addColumn("z_um", sql.raw(number))
    .addColumn("attempts", sql.raw(whole), notNull)
    .addColumn("why", "text")
    .addPrimaryKeyConstraint("site_states_key", ["run_id", "site_key", "channel", "time_index"])
    .execute();
}

async function confidence({ schema }: Kysely<StoreTables>, kind: StoreKind): Promise<void> {
  const number = kind === "postgres" ? "double precision" : "real";
  await schema.alterTable("frames").addColumn("confidence", sql.raw(number)).execute();
}

async function controllers({ schema }: Kysely<StoreTables>): Promise<void> {
  await schema.alterTable("runs").addColumn("controller", "text").execute();
}

async function unfamiliar({ schema }: Kysely<StoreTables>): Promise<void> {
  await schema.alterTable("frames").addColumn("unfamiliar", "integer").execute();
}

function notNull<T extends { notNull(): T }>(column: T): T {
  return column.notNull();
}
