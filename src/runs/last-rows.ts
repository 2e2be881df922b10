import type { OutcomeRow } from "../records/rows.js";
import { rowKey } from "../records/run-rows.js";

/** Rows of which the last one about a site, channel and time point counts. */
export class LastRows<Row extends Pick<OutcomeRow, "site" | "channel" | "timeIndex">> {
  readonly rows: Row[] = [];
  readonly #numbers = new Map<string, number>();

  constructor(rows: readonly Row[]) {
    for (const row of rows) this.put(row);
  }

  put(row: Row): void {
    const known = this.#numbers.get(rowKey(row));
    if (known === undefined) this.#numbers.set(rowKey(row), this.rows.push(row) - 1);
    else this.rows[known] = row;
  }
}
