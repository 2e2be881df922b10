import type { Kysely } from "kysely";
import type { ResultRecord } from "../records/record.js";
import { RunTable } from "../runs/run-table.js";
import type { StoreTables } from "./schema.js";

/** Records read at a time. */
const PAGE = 5000;

export interface RecordPage {
  readonly records: readonly ResultRecord[];
  /** Where the next page begins; undefined after the last one. */
  readonly next: number | undefined;
}

/** Some of a run's records in their order, with those that concern the agent as a whole while it lasted. */
export async function readPage(db: Kysely<StoreTables>, runId: string, after: number): Promise<RecordPage> {
  const run = await db
    .selectFrom("runs")
    .select(["started_ms", "last_ms"])
    .where("id", "=", runId)
    .executeTakeFirst();
  if (run === undefined) return { records: [], next: undefined };
  const rows = await db
    .selectFrom("records")
    .select(["id", "record"])
    .where("id", ">", after)
    .where((is) =>
      is.or([
        is("run_id", "=", runId),
        is.and([
          is("run_id", "is", null),
          is("recorded_ms", ">=", run.started_ms),
          is("recorded_ms", "<=", run.last_ms),
        ]),
      ]),
    )
    .orderBy("id")
    .limit(PAGE)
    .execute();
  const records = rows.map(({ record }) => JSON.parse(record) as ResultRecord);
  return { records, next: rows.length < PAGE ? undefined : rows.at(-1)!.id };
}

/** A run as a table, with all of its records in the database; of its frames, the newest. */
export async function readTable(db: Kysely<StoreTables>, runId: string): Promise<RunTable> {
  let table = new RunTable(runId);
  for (let after: number | undefined = 0; after !== undefined; ) {
    const page: RecordPage = await readPage(db, runId, after);
    for (const record of page.records) table.apply(record);
    table = table.withinLimit();
    after = page.next;
  }
  return table;
}
