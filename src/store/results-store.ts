import { type ExpressionBuilder, type Kysely, sql } from "kysely";
import { reasonOf, StoreError } from "../errors.js";
import type { FrameMessage } from "../protocol/messages.js";
import type { ResultRecord } from "../records/record.js";
import { parseRecord } from "../records/record-line.js";
import type { RunEntry, StatusCounts } from "../runs/run-snapshot.js";
import type { RunTable } from "../runs/run-table.js";
import { readJournal } from "./journal.js";
import type { StoreKind } from "./migrations.js";
import { type OpenStore, openDatabase, type StoreUse, storePlace } from "./open-database.js";
import { type RecordPage, readPage, readTable } from "./read-records.js";
import type { StoredRecord } from "./record-rows.js";
import { RUN_TABLES, type StoreTables } from "./schema.js";
import { adviceOn } from "./sqlite.js";
import { inTransaction, writeRecords } from "./write-records.js";
import { WrittenRuns } from "./written-runs.js";

/** Records written in one transaction: stays below the databases' limits of parameters. */
export const MAX_BATCH = 500;
/** Runs in a database. Every method throws a StoreError if the database refuses; nothing is then half written. */
export class ResultsStore {
  readonly #url: string;
  readonly #use: StoreUse | undefined;
  readonly #written = new WrittenRuns();
  #open: OpenStore | undefined;

  /** @param url `file:PATH` for SQLite, `postgres://...` for PostgreSQL. */
  constructor(url: string, use?: StoreUse) {
    this.#url = url;
    this.#use = use;
  }

  async start(): Promise<void> {
    this.#open ??= await openDatabase(this.#url, this.#use);
  }

  async stop(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.db.destroy();
  }

  /** Writes records; those that are there already are left as they are. Once it resolves they outlive the process. */
  write(records: readonly StoredRecord[]): Promise<void> {
    return this.#try("written", async (db, kind) => {
      for (let i = 0; i < records.length; i += MAX_BATCH) {
        const batch = records.slice(i, i + MAX_BATCH);
        await inTransaction(db, kind, (transaction) => writeRecords(transaction, batch, this.#written));
      }
    });
  }

  /** The newest first. */
  listRuns(): Promise<RunEntry[]> {
    return this.#try("read", async (db) => {
      // Not by their times: the clock may have been set back between two runs.
      const first = (is: ExpressionBuilder<StoreTables, "runs">) =>
        is
          .selectFrom("records")
          .select((of) => of.fn.min("id").as("first"))
          .whereRef("run_id", "=", "runs.id");
      const runs = await db.selectFrom("runs").selectAll().orderBy(first, "desc").execute();
      const sites = await db
        .selectFrom("sites")
        .select(["run_id", "plate", sql<number>`count(*)`.as("count")])
        .groupBy(["run_id", "plate"])
        .execute();
      const channels = await db
        .selectFrom("attempts")
        .select(["run_id", "channel"])
        .distinct()
        .orderBy("channel")
        .execute();
      const states = await this.#states(db);
      return runs.map((run) => {
        const own = sites.filter(({ run_id }) => run_id === run.id);
        return {
          id: run.id,
          controller: run.controller ?? undefined,
          plates: own.flatMap(({ plate }) => plate ?? []),
          channels: channels.filter(({ run_id }) => run_id === run.id).map(({ channel }) => channel),
          startedMs: run.started_ms,
          lastMs: run.last_ms,
          sites: own.reduce((sum, { count }) => sum + Number(count), 0),
          frames: run.frames,
          states: states.get(run.id) ?? {},
        };
      });
    });
  }

  /** A run's records in their order, with those that concern the agent as a whole while it lasted. */
  async *records(runId: string): AsyncGenerator<ResultRecord, void, undefined> {
    for (let after: number | undefined = 0; after !== undefined; ) {
      const from: number = after;
      const page: RecordPage = await this.#try("read", (db) => readPage(db, runId, from));
      yield* page.records;
      after = page.next;
    }
  }

  /** A run as a table, with its newest records; undefined if there is none of this name. @param most records. */
  table(runId: string, most?: number): Promise<RunTable | undefined> {
    return this.#try("read", (db) => readTable(db, runId, most));
  }

  /** How the sites of each run stand. */
  async #states(db: Kysely<StoreTables>): Promise<Map<string, StatusCounts>> {
    const rows = await db
      .selectFrom("site_states")
      .select(["run_id", "status", sql<number>`count(*)`.as("count")])
      .groupBy(["run_id", "status"])
      .execute();
    const states = new Map<string, StatusCounts>();
    for (const { run_id, status, count } of rows) {
      states.set(run_id, { ...states.get(run_id), [status]: Number(count) });
    }
    return states;
  }

  /** Header of a frame. */
  frame(runId: string, frameId: string): Promise<FrameMessage | undefined> {
    return this.#try("read", async (db) => {
      const row = await db
        .selectFrom("frames")
        .innerJoin("records", "records.key", "frames.record_key")
        .select("records.record")
        .where("frames.run_id", "=", runId)
        .where("frames.frame_id", "=", frameId)
        .limit(1)
        .executeTakeFirst();
      return row && (JSON.parse(row.record) as ResultRecord).frame;
    });
  }

  /** Deletes the runs whose last record is older. @returns how many. */
  deleteOlderThan(wallMs: number): Promise<number> {
    return this.#try("written", (db, kind) =>
      inTransaction(db, kind, async (transaction) => {
        const old = await transaction.selectFrom("runs").select("id").where("last_ms", "<", wallMs).execute();
        for (const { id } of old) {
          for (const table of RUN_TABLES)
            await transaction.deleteFrom(table).where("run_id", "=", id).execute();
          await transaction.deleteFrom("runs").where("id", "=", id).execute();
        }
        await transaction
          .deleteFrom("records")
          .where("run_id", "is", null)
          .where("recorded_ms", "<", wallMs)
          .execute();
        return old.length;
      }),
    );
  }

  /**
   * Reads what a results.jsonl holds beyond what was read of it before: after a crash, that is what the database missed.
   * @param most lines after which it stops for now, about. @returns lines that were read. A line that is cut off is left
   * for the next time.
   */
  async catchUp(path: string, most: number = Number.POSITIVE_INFINITY): Promise<number> {
    const journal = await this.#try("read", (db) =>
      db.selectFrom("journals").select("bytes").where("path", "=", path).executeTakeFirst(),
    );
    let lines = 0;
    for await (const { batch, bytes } of readJournal(path, journal?.bytes ?? 0, MAX_BATCH)) {
      const records = batch.flatMap((line) => {
        const record = parseRecord(line);
        return record === undefined ? [] : [{ line, record }];
      });
      await this.write(records);
      lines += batch.length;
      await this.#try("written", (db) =>
        db
          .insertInto("journals")
          .values({ path, bytes })
          .onConflict((conflict) => conflict.column("path").doUpdateSet({ bytes }))
          .execute(),
      );
      if (lines >= most) break;
    }
    return lines;
  }

  async #try<T>(what: string, use: (db: Kysely<StoreTables>, kind: StoreKind) => Promise<T>): Promise<T> {
    const place = storePlace(this.#url);
    if (this.#open === undefined) throw new StoreError(place, "is not open");
    try {
      return await use(this.#open.db, this.#open.kind);
    } catch (cause) {
      const reason = reasonOf(cause);
      const advice = this.#open.kind === "sqlite" ? adviceOn(reason) : "";
      throw new StoreError(place, `cannot be ${what}: ${reason}${advice}`, { cause });
    }
  }
}
