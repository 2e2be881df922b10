import type { AlertsConfig } from "../config/alerts.js";
import { BoundedMap } from "../protocol/bounded-map.js";
import type { ResultRecord } from "../records/record.js";
import { type AlertRule, type Finding, Raised } from "./alert-rule.js";
import { driftOf, type FocusPoint } from "./drift.js";

/** Sites that are looked back upon. */
const WINDOW = 60;
const MAX_SESSIONS = 50;
const MAX_FRAMES = 10_000;
/** A drift must be this many times its standard error, and is over at half of its limit. */
const SIGNIFICANCE = 5;
const HYSTERESIS = 0.5;

/** The plane of focus moves away steadily. */
export class DriftRule implements AlertRule {
  readonly #config: AlertsConfig["drift"];
  readonly #raised = new Raised();
  readonly #points = new BoundedMap<string, FocusPoint[]>(MAX_SESSIONS);
  /** Where the frames of sites under way were taken, um, and where the plan had them. */
  readonly #frames = new BoundedMap<string, { xUm: number; yUm: number; zUm: number; plannedUm: number }>(
    MAX_FRAMES,
  );

  constructor(config: AlertsConfig["drift"]) {
    this.#config = config;
  }

  observe(record: ResultRecord, nowMs: number): readonly Finding[] {
    const { umPerHour, minSites } = this.#config;
    const { session } = record;
    if (umPerHour === 0 || session === undefined) return [];
    this.#remember(record);
    // Only what refocusing has settled shows where focus is.
    if (record.type !== "outcome" || (record.recovered !== "yes" && record.recovered !== "not-needed"))
      return [];
    const kept = this.#frames.get(record.keepId);
    if (kept === undefined) return [];
    const points = this.#points.get(session) ?? [];
    this.#points.set(session, points);
    points.push({ ...kept, offsetUm: kept.zUm - kept.plannedUm, hours: nowMs / 3_600_000 });
    if (points.length > WINDOW) points.shift();
    if (points.length < minSites) return [];
    const drift = driftOf(points);
    if (drift === undefined) return [];
    const speed = Math.abs(drift.umPerHour);
    const isRaised = this.#raised.has(session)
      ? speed > HYSTERESIS * umPerHour
      : speed > umPerHour && speed > SIGNIFICANCE * drift.standardError;
    const message = `Focus drifts by ${drift.umPerHour.toFixed(1)} um an hour, over the last ${points.length} sites`;
    return this.#raised.ifNews(session, isRaised, () => ({ alert: "drift", session, message }));
  }

  #remember({ frame }: ResultRecord): void {
    if (frame === undefined || frame.stack !== undefined) return;
    const { id, xUm, yUm, zUm, plannedZUm } = frame;
    if (zUm === undefined) return;
    // Without a plan, distances from z = 0 do: only their change counts.
    this.#frames.set(id, { xUm: xUm ?? 0, yUm: yUm ?? 0, zUm, plannedUm: plannedZUm ?? 0 });
  }
}
