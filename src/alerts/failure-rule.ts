import type { AlertsConfig } from "../config/alerts.js";
import { BoundedMap } from "../protocol/bounded-map.js";
import { rowName, wellOf } from "../runs/plate.js";
import type { SiteRow } from "../runs/run-rows.js";
import { siteKey } from "../runs/run-table.js";
import { isSlice } from "../runs/slices.js";
import type { ResultRecord } from "../sinks/sink.js";
import { type AlertRule, type Finding, Raised } from "./alert-rule.js";

const HOUR_MS = 3_600_000;
/** An alert is cleared below this part of its limit, so that it does not come and go. */
const HYSTERESIS = 0.7;
const MAX_SITES = 100_000;

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
  readonly #ends = new BoundedMap<string, SiteEnd>(MAX_SITES);
  readonly #groups = new Map<string, Group>();
  /** Ends of the last hour, the oldest first. */
  readonly #hour = new Map<string, SiteEnd>();

  constructor(config: Pick<AlertsConfig, "row" | "plate" | "hour">) {
    this.#config = config;
  }

  observe(record: ResultRecord, nowMs: number): readonly Finding[] {
    const end = endOf(record, nowMs);
    if (end === undefined) return [];
    this.#count(end.key, end.site);
    const { session, plate, row } = end.site;
    const plateName = plate === "" ? "the run" : `plate ${plate}`;
    return [
      ...(row === undefined
        ? []
        : this.#judge(
            "row",
            session,
            JSON.stringify([session, plate, row]),
            `Row ${rowName(row)} of ${plateName}`,
          )),
      ...this.#judge(
        "plate",
        session,
        JSON.stringify([session, plate]),
        plateName.replace(/^./, (c) => c.toUpperCase()),
      ),
      ...this.#judge("hour", session, hourOf(end.site), "The last hour"),
    ];
  }

  #count(key: string, site: SiteEnd): void {
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
      if (ms > site.ms - HOUR_MS) break;
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
    return this.#raised.turn(key, isRaised, () => ({ alert, session, message }));
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

/** How a record ends its site, if it does: the outcome of a gated one, or the last word on a frame. */
function endOf(record: ResultRecord, nowMs: number): { key: string; site: SiteEnd } | undefined {
  if (record.type === "outcome") {
    const { recovered, decision } = record;
    return placed(record.session, record.site, record, recovered === "no" || decision === "flag", nowMs);
  }
  const { frame } = record;
  if (frame === undefined || record.session === undefined) return undefined;
  if (isSlice(frame)) return undefined;
  if (record.type === "verdict" && (record.late || record.decision === "retry")) return undefined;
  // Observed frames may be skipped; nobody waited for them.
  if (record.type === "drop" && frame.mode === "observe") return undefined;
  const isBad = record.type === "verdict" ? record.decision === "flag" : true;
  return placed(record.session, frame.site, frame, isBad, nowMs);
}

function placed(
  session: string,
  site: SiteRow,
  { channel, timeIndex }: { readonly channel?: string | undefined; readonly timeIndex?: number | undefined },
  isBad: boolean,
  ms: number,
): { key: string; site: SiteEnd } {
  const key = JSON.stringify([session, siteKey(site), channel, timeIndex]);
  return { key, site: { session, plate: site.plate ?? "", row: wellOf(site)?.row, isBad, ms } };
}
