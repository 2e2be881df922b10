import type { AlertsConfig } from "../config/alerts.js";
import { formatRow, wellOf } from "../frames/wells.js";
import { BoundedMap } from "../protocol/bounded-map.js";
import type { ResultRecord } from "../records/record.js";
import { forgetfulShelves, type LedgerEntry, SiteLedger } from "../records/site-ledger.js";
import { isGated, type SiteStatus } from "../records/site-status.js";
import { isSlice } from "../records/slices.js";
import { type AlertRule, type Finding, Raised } from "./alert-rule.js";

const HOUR_MS = 3_600_000;
/** An alert is cleared below this part of its limit, so that it does not come and go. */
const HYSTERESIS = 0.7;
/** Runs that are watched at a time. */
const MAX_RUNS = 20;
/** Sites that have ended and may still be told otherwise; of the last ones it is known how, and of which frames. */
const MAX_SITES = 20_000;
const MAX_ACCOUNTS = 5000;
const MAX_FRAMES = 2000;
/** Rows and plates. */
const MAX_GROUPS = 10_000;
/** Ends that a person should hear of. */
const BAD: ReadonlySet<SiteStatus> = new Set([
  "flagged",
  "refused",
  "unscored",
  "error",
  "no-frame",
  "skipped",
]);

/** How a site, channel and time point has ended last. */
interface SiteEnd {
  readonly session: string;
  readonly plate: string;
  readonly row: number | undefined;
  readonly isBad: boolean;
  readonly ms: number;
}

interface Group {
  sites: number;
  bad: number;
}

/** Too many sites of a row, of a plate or of the last hour end out of focus, not recovered or not scored. */
export class FailureRule implements AlertRule {
  readonly #config: Pick<AlertsConfig, "row" | "plate" | "hour">;
  readonly #raised = new Raised();
  readonly #ledger = new SiteLedger({
    maxRuns: MAX_RUNS,
    maxFrames: MAX_FRAMES,
    shelvesOf: forgetfulShelves(MAX_SITES, MAX_ACCOUNTS),
  });
  readonly #ends = new BoundedMap<string, SiteEnd>(MAX_SITES);
  readonly #groups = new BoundedMap<string, Group>(MAX_GROUPS);
  /** Ends of the last hour, the oldest first, `MAX_SITES` at most. */
  readonly #hour = new Map<string, SiteEnd>();

  constructor(config: Pick<AlertsConfig, "row" | "plate" | "hour">) {
    this.#config = config;
  }

  observe(record: ResultRecord, nowMs: number): readonly Finding[] {
    const change = this.#ledger.apply(record);
    // A late verdict changes nothing, the frame was counted when it was dropped; slices are judged by the last one.
    const isLate = record.type === "verdict" && record.late === true;
    if (change?.state === undefined || isLate || (record.frame !== undefined && isSlice(record.frame))) {
      return [];
    }
    const entry = { session: change.session, site: change.site, state: change.state };
    const end = endOf(entry, nowMs);
    if (end === undefined || isCancelled(record)) return [];
    this.#count(entry, end);
    const { session, plate, row } = end;
    const plateName = plate === "" ? "the run" : `plate ${plate}`;
    return [
      ...(row === undefined
        ? []
        : this.#judge(
            "row",
            session,
            JSON.stringify([session, plate, row]),
            `Row ${formatRow(row)} of ${plateName}`,
          )),
      ...this.#judge(
        "plate",
        session,
        JSON.stringify([session, plate]),
        plateName.replace(/^./, (c) => c.toUpperCase()),
      ),
      ...this.#judge("hour", session, hourOf(end), "The last hour"),
    ];
  }

  #count({ session, state }: LedgerEntry, site: SiteEnd): void {
    const key = JSON.stringify([session, state.site, state.channel, state.timeIndex]);
    const before = this.#ends.get(key);
    this.#ends.set(key, site);
    for (const name of groupsOf(site)) {
      const group = this.#groupOf(name);
      if (before !== undefined) add(group, before, -1);
      add(group, site, 1);
    }
    this.#leaveHour(key);
    this.#hour.set(key, site);
    add(this.#groupOf(hourOf(site)), site, 1);
    for (const [oldest, { ms }] of this.#hour) {
      if (ms > site.ms - HOUR_MS && this.#hour.size <= MAX_SITES) break;
      this.#leaveHour(oldest);
    }
  }

  #leaveHour(key: string): void {
    const site = this.#hour.get(key);
    if (site === undefined) return;
    this.#hour.delete(key);
    add(this.#groupOf(hourOf(site)), site, -1);
  }

  #groupOf(name: string): Group {
    const group = this.#groups.get(name) ?? { sites: 0, bad: 0 };
    this.#groups.set(name, group);
    return group;
  }

  #judge(scope: "row" | "plate" | "hour", session: string, key: string, words: string): Finding[] {
    const group = this.#groupOf(key);
    const { share: limit, minSites } = this.#config[scope];
    if (group.sites < minSites) return [];
    const share = group.bad / group.sites;
    const isRaised = share > (this.#raised.has(key) ? HYSTERESIS * limit : limit);
    const alert = `${scope}-failures`;
    const message = `${words}: ${group.bad} of ${group.sites} sites are out of focus, not recovered or not scored`;
    return this.#raised.ifNews(key, isRaised, () => ({ alert, session, message }));
  }
}

/** Counts a site in or out. */
function add(group: Group, { isBad }: SiteEnd, sites: 1 | -1): void {
  group.sites += sites;
  if (isBad) group.bad += sites;
}

function hourOf({ session }: SiteEnd): string {
  return JSON.stringify([session]);
}

function groupsOf({ session, plate, row }: SiteEnd): string[] {
  const whole = JSON.stringify([session, plate]);
  return row === undefined ? [whole] : [whole, JSON.stringify([session, plate, row])];
}

/** Whoever ends a run need not be told that the rest of it is missing. */
function isCancelled(record: ResultRecord): boolean {
  return (
    (record.type === "abandon" && record.cancelled === true) ||
    (record.type === "outcome" && record.why === "cancelled")
  );
}

/** How a site ended, if it did. What was only watched and not scored nobody waited for. */
function endOf({ session, site, state }: LedgerEntry, ms: number): SiteEnd | undefined {
  if (state.status === "searching") return undefined;
  if (state.status === "unscored" && !isGated(state)) return undefined;
  const isBad = BAD.has(state.status);
  return { session, plate: site.plate ?? "", row: wellOf(site)?.row, isBad, ms };
}
