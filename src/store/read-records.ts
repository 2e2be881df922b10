import type { Kysely, Selectable } from "kysely";
import type { ResultRecord } from "../records/record.js";
import { NO_ROWS } from "../records/run-rows.js";
import { MAX_FRAMES } from "../records/site-ledger.js";
import type { KeyedSite } from "../records/site-list.js";
import { FrameCounts } from "../runs/frame-counts.js";
import { RunTable } from "../runs/run-table.js";
import type { StoreTables } from "./schema.js";
import { type EarlierRun, MAX_SITES } from "./written-runs.js";

/** Records read at a time. */
const PAGE = 5000;
/** Records of a run that a page is given, the newest: a plate of 1536 wells, 4 sites and 4 channels has 24,576 frames. */
const MAX_RECORDS = 40_000;

export interface RecordPage {
  readonly records: readonly ResultRecord[];
  /** Where the next page begins; undefined after the last one. */
  readonly next: number | undefined;
}

/** Some of a run's records in their order, with those that concern the agent as a whole while it lasted. */
export async function readPage(db: Kysely<StoreTables>, runId: string, after: number): Promise<RecordPage> {
  const idAt = (end: "asc" | "desc") =>
    db.selectFrom("records").select("id").where("run_id", "=", runId).orderBy("id", end).limit(1);
  const rows = await db
    .selectFrom("records")
    .select(["id", "record"])
    .where("id", ">", after)
    .where((is) =>
      is.or([
        is("run_id", "=", runId),
        is.and([
          is("run_id", "is", null),
          // By their order: the clock may be set back meanwhile.
          is("id", ">", idAt("asc")),
          is("id", "<", idAt("desc")),
        ]),
      ]),
    )
    .orderBy("id")
    .limit(PAGE)
    .execute();
  const records = rows.map(({ record }) => JSON.parse(record) as ResultRecord);
  return { records, next: rows.length < PAGE ? undefined : rows.at(-1)!.id };
}

/** A run as a table, with its newest records and counts of all; undefined if there is none of this name. */
export async function readTable(
  db: Kysely<StoreTables>,
  runId: string,
  most: number = MAX_RECORDS,
): Promise<RunTable | undefined> {
  const run = await readRun(db, runId);
  if (run === undefined) return undefined;
  const { controller = undefined, started_ms: startedMs, last_ms: lastMs, frames } = run;
  const counted = { plates: [], channels: [], sites: 0, frames, states: {} };
  const entry = { id: runId, controller: controller ?? undefined, startedMs, lastMs, ...counted };
  const table = RunTable.from({ ...NO_ROWS, run: entry, events: [], rules: {} });
  for (let after: number | undefined = await beforeNewest(db, runId, most); after !== undefined; ) {
    const page: RecordPage = await readPage(db, runId, after);
    for (const record of page.records) table.apply(record);
    after = page.next;
  }
  Object.assign(table.counts, countsOf(run));
  return table;
}

/** What has to be known of a run to go on with it; undefined if there is none of this name. */
export async function readEarlier(db: Kysely<StoreTables>, runId: string): Promise<EarlierRun | undefined> {
  const run = await readRun(db, runId);
  if (run === undefined) return undefined;
  const sites = await db
    .selectFrom("sites")
    .selectAll()
    .where("run_id", "=", runId)
    .limit(MAX_SITES)
    .execute();
  const rows = await db
    .selectFrom("records")
    .select("record")
    .where("run_id", "=", runId)
    .where("id", ">", await beforeNewest(db, runId, MAX_FRAMES))
    .orderBy("id")
    .execute();
  return {
    counts: countsOf(run),
    startedMs: run.started_ms,
    lastMs: run.last_ms,
    controller: run.controller ?? undefined,
    sites: sites.map(keyedSite),
    records: rows.map(({ record }) => JSON.parse(record) as ResultRecord),
  };
}

function readRun(
  db: Kysely<StoreTables>,
  runId: string,
): Promise<Selectable<StoreTables["runs"]> | undefined> {
  return db.selectFrom("runs").selectAll().where("id", "=", runId).executeTakeFirst();
}

/** The id after which the newest records of a run come. */
async function beforeNewest(db: Kysely<StoreTables>, runId: string, most: number): Promise<number> {
  const last = await db
    .selectFrom("records")
    .select("id")
    .where("run_id", "=", runId)
    .orderBy("id", "desc")
    .limit(1)
    .offset(most)
    .executeTakeFirst();
  return last?.id ?? 0;
}

function countsOf(run: Selectable<StoreTables["runs"]>): FrameCounts {
  const { frames, accepted, retried, flagged, abstained, unscored } = run;
  return Object.assign(new FrameCounts(), { frames, accepted, retried, flagged, abstained, unscored });
}

function keyedSite({ site_key: key, ...site }: Selectable<StoreTables["sites"]>): KeyedSite {
  const { name, plate, well, row_index, column_index, site_index, position, x_um, y_um } = site;
  const known = <T>(value: T | null) => value ?? undefined;
  return {
    key,
    row: {
      ...{ name, plate: known(plate), well: known(well), position: known(position) },
      ...{ row: known(row_index), column: known(column_index), index: known(site_index) },
      ...{ xUm: known(x_um), yUm: known(y_um) },
    },
  };
}
