import { BoundedMap } from "../protocol/bounded-map.js";
import type { ResultRecord } from "../records/record.js";

/** Alerts that are raised at a time; what was raised longest ago may be told again. */
const MAX_RAISED = 10_000;

/** Something that a rule has to say. A rule says the same thing once until it has changed. */
export interface Finding {
  /** Which alert: `row-failures`, `plate-failures`, `hour-failures`, `no-frames`, `drift`, `blank-sites`. */
  readonly alert: string;
  /** The run that it concerns. */
  readonly session: string;
  readonly state: "raised" | "cleared";
  readonly message: string;
}

/** Watches records for one kind of trouble; does no I/O. */
export interface AlertRule {
  /** @param nowMs monotonic, ms. */
  observe(record: ResultRecord, nowMs: number): readonly Finding[];
}

/** Remembers what has been told, so that each alert is raised once and cleared once. */
export class Raised {
  readonly #keys = new BoundedMap<string, true>(MAX_RAISED);

  /** The finding, if it is news; nothing where this has been told already or never was. */
  ifNews(key: string, isRaised: boolean, finding: () => Omit<Finding, "state">): Finding[] {
    if (this.has(key) === isRaised) return [];
    if (isRaised) this.#keys.set(key, true);
    else this.#keys.delete(key);
    return [{ ...finding(), state: isRaised ? "raised" : "cleared" }];
  }

  has(key: string): boolean {
    return this.#keys.get(key) === true;
  }
}
