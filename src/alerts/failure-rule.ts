import type { AlertsConfig } from "../config/alerts.js";
import { BoundedMap } from "../protocol/bounded-map.js";
import { rowName, wellOf } from "../runs/plate.js";
import type { SiteRow } from "../runs/run-rows.js";
import { siteKey } from "../runs/run-table.js";
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
  #hour: { readonly key: string; readonly end: SiteEnd }[] = [];

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
      ...this.#judgeHour(session, nowMs),
    ];
  }

  #count(key: string, site: SiteEnd): void {
    const before = this.#ends.get(key);
    this.#ends.set(key, site);
    for (const name of groupsOf(site)) {
      const group = this.#groups.get(name) ?? { sites: 0, bad: 0 };
      this.#groups.set(name, group);
      if (before === undefined) group.sites++;
      group.bad += Number(site.isBad) - Number(before?.isBad ?? false);
    }
    this.#hour = this.#hour.filter((each) => each.key !== key && each.end.ms > site.ms - HOUR_MS);
    this.#hour.push({ key, end: site });
  }

  #judge(scope: "row" | "plate", session: string, name: string, words: string): Finding[] {
    return this.#turn(scope, session, name, this.#groups.get(name)!, words);
  }

  #judgeHour(session: string, nowMs: number): Finding[] {
    const recent = this.#hour.filter(({ end }) => end.session === session && end.ms > nowMs - HOUR_MS);
    const bad = recent.filter(({ end }) => end.isBad).length;
    return this.#turn("hour", session, `hour ${session}`, { sites: recent.length, bad }, "The last hour");
  }

  #turn(
    scope: "row" | "plate" | "hour",
    session: string,
    key: string,
    group: Group,
    words: string,
  ): Finding[] {
    const { share: limit, minSites } = this.#config[scope];
    if (group.sites < minSites) return [];
    const share = group.bad / group.sites;
    const isRaised = share > (this.#raised.has(key) ? HYSTERESIS * limit : limit);
    const alert = `${scope}-failures`;
    const message = `${words}: ${group.bad} of ${group.sites} sites are out of focus, not recovered or not scored`;
    return this.#raised.turn(key, isRaised, () => ({ alert, session, message }));
  }
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
  if (frame.mode === "observe" && frame.stack !== undefined) return undefined;
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
