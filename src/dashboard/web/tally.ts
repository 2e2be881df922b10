import { type ReimageSite, reimageList } from "../../runs/reimage-list.js";
import type { PageState } from "./page-state.js";

/** How a run goes, by its sites at each channel and time point. */
export interface Tally {
  /** Positions. */
  readonly sites: number;
  /** Sites, channels and time points that have ended. */
  readonly judgedOrNot: number;
  readonly sharp: number;
  readonly flagged: number;
  readonly notJudged: number;
  /** Those that were taken again, and those that became sharp by it. */
  readonly refocused: number;
  readonly recovered: number;
  readonly toReimage: readonly ReimageSite[];
}

let last: { readonly version: number; readonly table: unknown; readonly tally: Tally } | undefined;

/** Adds a run up; once for each of its versions. */
export function tally(page: PageState): Tally {
  const { version, table } = page;
  if (last?.version !== version || last.table !== table) last = { version, table, tally: added(page) };
  return last.tally;
}

function added({ states, table }: PageState): Tally {
  let [judgedOrNot, sharp, flagged, refocused, recovered] = [0, 0, 0, 0, 0];
  const all = [...states.all()];
  for (const { status, frames, outcome } of all) {
    if (frames.length > 1) refocused++;
    if (outcome?.recovered === "yes") recovered++;
    if (status === "searching") continue;
    judgedOrNot++;
    if (status === "sharp") sharp++;
    else if (status === "flagged") flagged++;
  }
  return {
    ...{ sites: table.sites.length, judgedOrNot, sharp, flagged, refocused, recovered },
    notJudged: judgedOrNot - sharp - flagged,
    toReimage: reimageList(table.sites, all),
  };
}
