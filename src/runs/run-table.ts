import { BoundedMap } from "../protocol/bounded-map.js";
import type { RuleValues } from "../protocol/messages.js";
import type { ResultRecord } from "../records/record.js";
import type { FrameRow, LabelRow, SiteRow } from "../records/rows.js";
import { changedRow, NO_ROWS, type Rows, RunRows } from "../records/run-rows.js";
import { SiteKeys } from "../records/site-keys.js";
import { ListedSites } from "../records/site-list.js";
import { SiteStates } from "../records/site-state.js";
import type { SiteStatus } from "../records/site-status.js";
import { eventOf } from "./event-text.js";
import { FrameCounts } from "./frame-counts.js";
import { LastRows } from "./last-rows.js";
import type { EventRow, RunEntry, RunSnapshot, StatusCounts } from "./run-snapshot.js";

/** Events that are kept; the oldest go first. */
const MAX_EVENTS = 5000;

/**
 * A run as the page has it: its rows, what became of its sites, and what happened. The same record may be applied twice and
 * changes nothing the second time, so that a snapshot and the records since can overlap. Does no I/O: the agent, the store
 * and the page all use it.
 */
export class RunTable {
  readonly id: string;
  readonly states: SiteStates;
  readonly frames: FrameRow[];
  readonly events: EventRow[] = [];
  /** Of all its frames, also of those that are not here. */
  readonly counts = new FrameCounts();
  readonly #sites = new ListedSites();
  readonly #rows: RunRows;
  readonly #labels: LastRows<LabelRow>;
  readonly #seenEvents = new BoundedMap<string, true>(2 * MAX_EVENTS);
  readonly #rules = new Map<string, RuleValues>();
  readonly #channels = new Set<string>();
  readonly #timePoints = new Set<number>();
  #controller: string | undefined;
  #startedMs = Number.POSITIVE_INFINITY;
  #lastMs = Number.NEGATIVE_INFINITY;

  constructor(id: string, rows: Rows = NO_ROWS) {
    this.id = id;
    const kept = { frames: new Map(), sites: this.#sites, keys: new SiteKeys() };
    this.#rows = new RunRows(kept, rows);
    this.#labels = new LastRows(rows.labels);
    this.frames = [...rows.frames];
    this.states = SiteStates.of(rows);
    for (const frame of rows.frames) this.counts.count(frame, undefined);
    for (const row of rows.frames) this.#note(row);
    for (const row of rows.ends) this.#note(row);
  }

  static from(snapshot: RunSnapshot): RunTable {
    const table = new RunTable(snapshot.run.id, snapshot);
    for (const event of snapshot.events) table.#addEvent(event);
    for (const [channel, rules] of Object.entries(snapshot.rules)) table.#rules.set(channel, rules);
    table.#controller = snapshot.run.controller;
    table.#startedMs = snapshot.run.startedMs;
    table.#lastMs = snapshot.run.lastMs;
    table.counts.frames = Math.max(table.counts.frames, snapshot.run.frames);
    return table;
  }

  /** Whether nothing is known of it. */
  get isEmpty(): boolean {
    return !Number.isFinite(this.#startedMs);
  }

  /** Wall clock of its first record, ms since 1970 UTC; 0 if there is none. */
  get startedMs(): number {
    return this.isEmpty ? 0 : this.#startedMs;
  }

  /** Latest time of a record, ms since 1970 UTC; 0 if there is none. */
  get lastMs(): number {
    return this.isEmpty ? 0 : this.#lastMs;
  }

  get sites(): readonly SiteRow[] {
    return this.#sites.rows;
  }

  /**
   * Takes one record of this run, or one that concerns the agent as a whole.
   * @returns number of the site that it is about, if it is about one.
   */
  apply(record: ResultRecord): number | undefined {
    if (record.session !== undefined) {
      // Not the earliest: the name of a run stays although the clock is set back.
      if (this.isEmpty) this.#startedMs = record.recordedMs;
      this.#lastMs = Math.max(this.#lastMs, record.recordedMs);
      this.#controller ??= record.controller;
    }
    const changes = this.#rows.apply(record);
    const { frame, frameBefore, end, label } = changes;
    if (frame !== undefined) this.counts.count(frame, frameBefore);
    if (frame !== undefined && frameBefore === undefined) this.frames.push(frame);
    if (label !== undefined) this.#labels.put(label);
    if (record.type === "verdict" && record.rules !== undefined && frame !== undefined) {
      this.#setRules(frame.channel, record.rules);
    }
    this.#note(frame ?? end);
    const site = changedRow(changes)?.site;
    const event = eventOf(record, site);
    if (event !== undefined) this.#addEvent(event);
    this.states.apply(changes);
    return site;
  }

  /** The run in short. */
  entry(): RunEntry {
    const plates = new Set(this.sites.flatMap(({ plate }) => (plate === undefined ? [] : [plate])));
    return {
      id: this.id,
      controller: this.#controller,
      plates: [...plates],
      channels: this.channels,
      startedMs: this.startedMs,
      lastMs: this.lastMs,
      sites: this.sites.length,
      frames: this.counts.frames,
      states: countStatuses(this.states.statuses()),
    };
  }

  snapshot(): RunSnapshot {
    const { sites, frames, events } = this;
    // Of a site that was imaged again, what was said of its earlier visit is history.
    const states = [...this.states.all()];
    const outcomes = states.flatMap(({ outcome }) => outcome ?? []);
    const ends = states.flatMap(({ end }) => end ?? []);
    const labels = this.#labels.rows;
    const rules = Object.fromEntries(this.#rules);
    return { run: this.entry(), sites, frames, outcomes, ends, labels, events, rules };
  }

  /** Channels of the sites, as first seen; the empty name stands for none. */
  get channels(): string[] {
    return [...this.#channels];
  }

  /** Time points, in order. */
  get timePoints(): number[] {
    return [...this.#timePoints].sort((a, b) => a - b);
  }

  /** Thresholds of the last verdict of a channel, or of any; undefined where the records do not tell. */
  rulesOf(channel: string | undefined): RuleValues | undefined {
    return channel === undefined ? [...this.#rules.values()].at(-1) : this.#rules.get(channel);
  }

  /** The key of a site: the same whenever the records are read again. */
  keyOfSite(number: number): string {
    return this.#sites.keyAt(number)!;
  }

  /** The number of the site with a key, if it is known. */
  numberOfSite(key: string): number | undefined {
    return this.#sites.numberOf(key);
  }

  frameById(id: string): FrameRow | undefined {
    return this.#rows.frameById(id);
  }

  #note(row: { readonly channel: string; readonly timeIndex: number } | undefined): void {
    if (row === undefined) return;
    this.#channels.add(row.channel);
    this.#timePoints.add(row.timeIndex);
  }

  /** The last verdict's channel comes last. */
  #setRules(channel: string, rules: RuleValues): void {
    this.#rules.delete(channel);
    this.#rules.set(channel, rules);
  }

  #addEvent(event: EventRow): void {
    const key = `${event.ms} ${event.kind} ${event.frameId ?? ""} ${event.text}`;
    if (this.#seenEvents.get(key)) return;
    this.#seenEvents.set(key, true);
    this.events.push(event);
    if (this.events.length > MAX_EVENTS) this.events.shift();
  }
}

/** How many sites stand how. */
function countStatuses(statuses: Iterable<SiteStatus>): StatusCounts {
  const counts: { [Status in SiteStatus]?: number } = {};
  for (const status of statuses) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}
