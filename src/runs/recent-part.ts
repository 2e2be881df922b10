import { rowKey } from "../records/run-rows.js";
import type { RunSnapshot } from "./run-snapshot.js";

/** The newest frames of a run with all that concerns their sites; sites that none of them is of are left out, and numbered anew. */
export interface RecentPart {
  readonly snapshot: RunSnapshot;
  /** Numbers that the sites had, in the order of the new ones. */
  readonly sites: readonly number[];
}

/** @param most frames. */
export function recentPart(run: RunSnapshot, most: number): RecentPart {
  const frames = run.frames.slice(-most);
  const sinceMs = frames[0]?.ms ?? Number.NEGATIVE_INFINITY;
  // Of some sites only the controller speaks.
  const about = [...frames, ...[...run.outcomes, ...run.ends].filter(({ ms }) => ms >= sinceMs)];
  const places = new Set(about.map(rowKey));
  const sites = [...new Set(about.map(({ site }) => site))].sort((a, b) => a - b);
  const numbers = new Map(sites.map((site, number) => [site, number]));
  const renumbered = <Row extends { readonly site: number }>(row: Row): Row => ({
    ...row,
    site: numbers.get(row.site)!,
  });
  const kept = <Row extends Parameters<typeof rowKey>[0]>(rows: readonly Row[]) =>
    rows.filter((row) => places.has(rowKey(row))).map(renumbered);
  const events = run.events.map((event) => ({
    ...event,
    site: event.site === undefined ? undefined : numbers.get(event.site),
  }));
  return {
    snapshot: {
      ...{ run: run.run, sites: sites.map((site) => run.sites[site]!), frames: frames.map(renumbered) },
      ...{ outcomes: kept(run.outcomes), ends: kept(run.ends), labels: kept(run.labels), events },
      rules: run.rules,
    },
    sites,
  };
}
