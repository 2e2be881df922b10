import type { Site } from "../protocol/common.js";
import type { FrameMessage, OutcomeMessage, RuleValues } from "../protocol/messages.js";
import type { ResultRecord } from "../sinks/sink.js";
import { eventOf } from "./event-text.js";
import type { EventRow, FrameRow, LabelRow, OutcomeRow, RunEntry, RunSnapshot, SiteRow } from "./run-rows.js";
import { isSlice } from "./slices.js";

/** Events that are kept; the oldest go first. */
const MAX_EVENTS = 5000;

type Verdict = Extract<ResultRecord, { type: "verdict" }>;

/** The rows that a record has added or changed. */
export interface RowChanges {
  readonly frame?: FrameRow;
  readonly outcome?: OutcomeRow;
  readonly label?: LabelRow;
}

/**
 * A run's records as a table. The same record may be applied twice and changes nothing the second time, so that a
 * snapshot and the records since can overlap. Does no I/O: the agent, the store and the page all use it.
 */
export class RunTable {
  readonly id: string;
  readonly sites: SiteRow[] = [];
  readonly frames: FrameRow[] = [];
  readonly outcomes: OutcomeRow[] = [];
  readonly labels: LabelRow[] = [];
  readonly events: EventRow[] = [];
  readonly #siteNumbers = new Map<string, number>();
  readonly #frameNumbers = new Map<string, number>();
  readonly #outcomeNumbers = new Map<string, number>();
  readonly #labelNumbers = new Map<string, number>();
  readonly #seenEvents = new Set<string>();
  readonly #rules = new Map<string, RuleValues>();
  readonly #channels = new Set<string>();
  readonly #timePoints = new Set<number>();
  #startedMs = Number.POSITIVE_INFINITY;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(id: string) {
    this.id = id;
  }

  static from(snapshot: RunSnapshot): RunTable {
    const table = new RunTable(snapshot.run.id);
    for (const site of snapshot.sites) table.#siteNumbers.set(siteKey(site), table.sites.push(site) - 1);
    for (const frame of snapshot.frames) table.#addFrame(frame);
    for (const outcome of snapshot.outcomes) put(table.outcomes, table.#outcomeNumbers, outcome);
    for (const label of snapshot.labels) put(table.labels, table.#labelNumbers, label);
    for (const event of snapshot.events) table.#addEvent(event);
    for (const [channel, rules] of Object.entries(snapshot.rules)) table.#rules.set(channel, rules);
    table.#startedMs = snapshot.run.startedMs;
    table.#lastMs = snapshot.run.lastMs;
    return table;
  }

  /** Takes one record of this run, or one that concerns the agent as a whole; gives the rows that it changed. */
  apply(record: ResultRecord): RowChanges {
    const ms = record.recordedMs;
    const changes: { frame?: FrameRow; outcome?: OutcomeRow; label?: LabelRow } = {};
    if (record.session !== undefined) {
      this.#startedMs = Math.min(this.#startedMs, ms);
      this.#lastMs = Math.max(this.#lastMs, ms);
    }
    const frame = record.frame;
    const site = frame === undefined ? this.#siteOfEvent(record) : this.#siteNumber(frame.site, frame);
    if (frame !== undefined && site !== undefined) changes.frame = this.#applyFrame(record, frame, site);
    if (record.type === "outcome" && site !== undefined) {
      changes.outcome = outcomeRow(record, site);
      put(this.outcomes, this.#outcomeNumbers, changes.outcome);
    }
    if (record.type === "change" && record.change.what === "label" && site !== undefined) {
      const { channel = "", timeIndex = 0, frameId, mark } = record.change;
      changes.label = { site, channel, timeIndex, frameId, mark, ms };
      put(this.labels, this.#labelNumbers, changes.label);
    }
    const event = eventOf(record, site);
    if (event !== undefined) this.#addEvent(event);
    return changes;
  }

  /** The run in short. */
  entry(): RunEntry {
    const decisions: Record<string, number> = {};
    for (const { decision, late, isSlice } of this.frames) {
      if (isSlice) continue;
      const key = late || decision === undefined ? "unscored" : decision;
      decisions[key] = (decisions[key] ?? 0) + 1;
    }
    const plates = new Set(this.sites.flatMap(({ plate }) => (plate === undefined ? [] : [plate])));
    return {
      id: this.id,
      plates: [...plates],
      channels: this.channels,
      startedMs: Number.isFinite(this.#startedMs) ? this.#startedMs : 0,
      lastMs: Number.isFinite(this.#lastMs) ? this.#lastMs : 0,
      sites: this.sites.length,
      frames: this.frames.length,
      decisions,
    };
  }

  snapshot(): RunSnapshot {
    const { sites, frames, outcomes, labels, events } = this;
    const rules = Object.fromEntries(this.#rules);
    return { run: this.entry(), sites, frames, outcomes, labels, events, rules };
  }

  /** Channels of the frames, as first seen; the empty name stands for none. */
  get channels(): string[] {
    return [...this.#channels];
  }

  /** Time points that have frames, in order. */
  get timePoints(): number[] {
    return [...this.#timePoints].sort((a, b) => a - b);
  }

  /** Thresholds of the last verdict of a channel, or of any; undefined where the records do not tell. */
  rulesOf(channel: string | undefined): RuleValues | undefined {
    return channel === undefined ? [...this.#rules.values()].at(-1) : this.#rules.get(channel);
  }

  frameById(id: string): FrameRow | undefined {
    const number = this.#frameNumbers.get(id);
    return number === undefined ? undefined : this.frames[number];
  }

  #siteOfEvent(record: ResultRecord): number | undefined {
    if (record.type === "outcome") return this.#siteNumber(record.site, {});
    if (record.type !== "change" || record.change.what !== "label") return undefined;
    return this.#siteNumber(record.change.site, {});
  }

  #siteNumber(site: Site, { xUm, yUm }: { xUm?: number | undefined; yUm?: number | undefined }): number {
    const key = siteKey(site);
    const known = this.#siteNumbers.get(key);
    if (known !== undefined) {
      const row = this.sites[known]!;
      row.xUm ??= xUm;
      row.yUm ??= yUm;
      return known;
    }
    const { name, plate, well, row, column, index } = site;
    const number = this.sites.push({ name, plate, well, row, column, index, xUm, yUm }) - 1;
    this.#siteNumbers.set(key, number);
    return number;
  }

  #applyFrame(record: ResultRecord, frame: FrameMessage, site: number): FrameRow {
    const known = this.frameById(frame.id);
    const row = known ?? frameRow(frame, site, record.recordedMs);
    if (known === undefined) this.#addFrame(row);
    if (record.type === "verdict") {
      applyVerdict(row, record);
      if (record.rules !== undefined) this.#setRules(row.channel, record.rules);
    } else if (record.type === "drop") Object.assign(row, { end: "drop", why: record.why });
    else if (record.type === "error") Object.assign(row, { end: "error", why: record.code });
    return row;
  }

  /** The last verdict's channel comes last. */
  #setRules(channel: string, rules: RuleValues): void {
    this.#rules.delete(channel);
    this.#rules.set(channel, rules);
  }

  #addFrame(row: FrameRow): void {
    this.#frameNumbers.set(row.id, this.frames.push(row) - 1);
    this.#channels.add(row.channel);
    this.#timePoints.add(row.timeIndex);
  }

  #addEvent(event: EventRow): void {
    const key = `${event.ms} ${event.kind} ${event.frameId ?? ""} ${event.text}`;
    if (this.#seenEvents.has(key)) return;
    this.#seenEvents.add(key);
    this.events.push(event);
    if (this.events.length > MAX_EVENTS) this.events.shift();
  }
}

/** Tells the sites of a run apart. */
export function siteKey({ plate, well, name }: Pick<SiteRow, "plate" | "well" | "name">): string {
  return JSON.stringify([plate, well, name]);
}

/** Puts a row in the place of the one about the same site, channel and time point, or at the end. */
function put<Row extends Pick<OutcomeRow, "site" | "channel" | "timeIndex">>(
  rows: Row[],
  numbers: Map<string, number>,
  row: Row,
): void {
  const key = `${row.site}/${row.timeIndex}/${row.channel}`;
  const known = numbers.get(key);
  if (known === undefined) numbers.set(key, rows.push(row) - 1);
  else rows[known] = row;
}

function frameRow(frame: FrameMessage, site: number, ms: number): FrameRow {
  const { id, channel = "", timeIndex = 0, zIndex = 0, attempt, mode, zUm, plannedZUm } = frame;
  return {
    id,
    site,
    channel,
    timeIndex,
    zIndex,
    attempt,
    mode,
    isSlice: isSlice(frame),
    zUm,
    plannedZUm,
    ms,
    end: "verdict",
  };
}

function applyVerdict(row: FrameRow, verdict: Verdict): void {
  const { stack, action } = verdict;
  if (verdict.late) row.late = true;
  else row.end = "verdict";
  row.condition = verdict.condition;
  row.expectedLevel = stack?.sharpestLevel ?? verdict.expectedLevel;
  row.level = stack === undefined ? verdict.level : Math.round(stack.sharpestLevel);
  row.certainty = verdict.aggregateCertainty;
  row.decision = verdict.decision;
  row.keepAttempt = verdict.keepAttempt;
  if (action?.kind === "move-z") row.moveUm = action.byUm;
}

function outcomeRow(outcome: OutcomeMessage & { readonly recordedMs: number }, site: number): OutcomeRow {
  const { channel = "", timeIndex = 0, recovered, decision, attempts, levelBefore, levelAfter } = outcome;
  const { zBeforeUm, zAfterUm, travelUm, keepId, keepAttempt, why, recordedMs: ms } = outcome;
  return {
    ...{ site, channel, timeIndex, recovered, decision, attempts, levelBefore, levelAfter },
    ...{ zBeforeUm, zAfterUm, travelUm, keepId, keepAttempt, why, ms },
  };
}
