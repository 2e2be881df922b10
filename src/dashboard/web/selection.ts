import type { RunTable } from "../../runs/run-table.js";

/** A site, channel and time point, or one of its frames, that a person has chosen. */
export interface Selection {
  readonly site: number;
  readonly channel?: string | undefined;
  readonly timeIndex?: number | undefined;
  readonly frameId?: string | undefined;
}

/** What was selected in a table, in the same run loaded again: its sites may have other numbers. */
export function selectedIn(
  table: RunTable,
  before: RunTable,
  selection: Selection | undefined,
): Selection | undefined {
  if (selection === undefined) return undefined;
  const site = table.numberOfSite(before.keyOfSite(selection.site));
  return site === undefined ? undefined : { ...selection, site };
}
