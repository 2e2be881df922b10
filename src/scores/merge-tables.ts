import { resolve } from "node:path";
import { ResultsError } from "../errors.js";
import { imageOrder } from "../frames/image-order.js";
import { openTable, type ScoreTable } from "./read-table.js";
import { type RunState, readState } from "./run-state.js";
import { COLUMNS, type ScoreRow } from "./score-rows.js";
import { parseShard } from "./shard.js";

/** Tables as one: rows in the order in which one run over all files would have given them. */
export interface MergedTables {
  readonly columns: readonly string[];
  readonly rows: AsyncGenerator<ScoreRow, void, undefined>;
  /** Pages that the runs say they could not score. */
  readonly notScored: number;
}

/** A table with the row that comes next. */
interface Head {
  readonly table: ScoreTable;
  row: ScoreRow;
}

/**
 * Merges the tables of shards; memory holds a part of each.
 * @throws ResultsError naming the table that is not finished or has other columns, the shard that is missing, or (from the
 *   rows) the file that is in two of them.
 */
export async function mergeTables(paths: readonly string[]): Promise<MergedTables> {
  const states = await Promise.all(paths.map(readState));
  assertComplete(paths, states);
  const tables = await Promise.all(paths.map((path) => openTable(path)));
  const columns = tables.find((table) => table.columns.length > 0)?.columns ?? COLUMNS;
  for (const table of tables) {
    if (table.columns.length === 0 || table.columns.join() === columns.join()) continue;
    throw new ResultsError(table.path, `has other columns than ${paths[0]}`);
  }
  const notScored = states.reduce((sum, state) => sum + (state?.notScored ?? 0), 0);
  return { columns, rows: mergedRows(tables), notScored };
}

/** What the runs have written beside their tables is believed; of tables without it nothing is known. */
function assertComplete(paths: readonly string[], states: readonly (RunState | undefined)[]): void {
  const present = new Map<number, string>();
  let count: number | undefined;
  for (const [i, state] of states.entries()) {
    if (state === undefined) continue;
    const path = paths[i]!;
    if (!state.finished) throw new ResultsError(path, "is not finished; run its command again");
    const shard = parseShard(String(state.settings.shard ?? ""));
    if (shard === undefined) continue;
    count ??= shard.count;
    if (shard.count !== count)
      throw new ResultsError(path, `is one of ${shard.count} shards, not of ${count}`);
    const other = present.get(shard.index);
    if (other !== undefined) throw new ResultsError(path, `is the same shard as ${other}`);
    present.set(shard.index, path);
  }
  if (count === undefined || present.size === count) return;
  const missing = Array.from({ length: count }, (_, i) => i + 1).filter((index) => !present.has(index));
  throw new ResultsError(paths[0]!, `is one of ${count} shards; missing: ${missing.join(", ")}`);
}

async function* mergedRows(tables: readonly ScoreTable[]): AsyncGenerator<ScoreRow, void, undefined> {
  const heads: Head[] = [];
  for (const table of tables) await advance(heads, table);
  for (let head = heads.shift(); head !== undefined; head = heads.shift()) {
    const { table, row } = head;
    const next = heads[0];
    if (next !== undefined && next.row.file === row.file) {
      throw new ResultsError(table.path, `has the file ${row.file}, and so has ${next.table.path}`);
    }
    yield row;
    await advance(heads, table);
  }
}

/** Puts a table with its next row in its place among the others. */
async function advance(heads: Head[], table: ScoreTable): Promise<void> {
  const next = await table.rows.next();
  if (next.done === true) return;
  const row = next.value;
  let [low, high] = [0, heads.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (order(heads[middle]!.row, row) < 0) low = middle + 1;
    else high = middle;
  }
  heads.splice(low, 0, { table, row });
}

function order(a: ScoreRow, b: ScoreRow): number {
  return imageOrder(resolve(String(a.file)), resolve(String(b.file)));
}
