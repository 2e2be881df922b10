import { wellNameOf } from "../frames/wells.js";
import type { AbandonMessage, FrameMessage, OutcomeMessage } from "../protocol/messages.js";
import type { ResultRecord } from "./record.js";
import type { EndRow, FrameRow, LabelRow, OutcomeRow, SiteRow } from "./rows.js";
import type { Shelf } from "./shelf.js";
import type { SiteKeys, SiteName, SitePlace } from "./site-keys.js";
import type { SiteList } from "./site-list.js";
import { isSlice } from "./slices.js";

type Verdict = Extract<ResultRecord, { type: "verdict" }>;
type At<Message> = Message & { readonly recordedMs: number };
type Row = Pick<OutcomeRow, "site" | "channel" | "timeIndex">;

/** How a frame has ended, and what was decided. */
export type FrameEnd = Pick<FrameRow, "end" | "decision">;

/** The rows that a record has added or changed. */
export interface RowChanges {
  readonly frame?: FrameRow;
  /** How it had ended before; undefined if this is the first that is heard of it. */
  readonly frameBefore?: FrameEnd | undefined;
  readonly outcome?: OutcomeRow;
  readonly end?: EndRow;
  readonly label?: LabelRow;
}

/** All rows of a run. */
export interface Rows {
  readonly sites: readonly SiteRow[];
  /** In the order in which they were recorded. */
  readonly frames: readonly FrameRow[];
  readonly outcomes: readonly OutcomeRow[];
  readonly ends: readonly EndRow[];
  readonly labels: readonly LabelRow[];
}

export const NO_ROWS: Rows = { sites: [], frames: [], outcomes: [], ends: [], labels: [] };

/** Where the rows of a run are kept that later records are about. */
export interface KeptRows {
  /** By id, so that what comes later about a frame changes its row. */
  readonly frames: Shelf<FrameRow>;
  readonly sites: SiteList;
  /** Tells its sites apart. */
  readonly keys: SiteKeys;
}

/**
 * From the records of one run to rows, which it does not keep, but for the sites and the last frames. The same record may be
 * applied twice and changes nothing the second time.
 */
export class RunRows {
  readonly sites: SiteList;
  readonly #keys: SiteKeys;
  readonly #frames: Shelf<FrameRow>;

  /** @param known sites and frames, to go on from. */
  constructor(kept: KeptRows, { sites, frames }: Pick<Rows, "sites" | "frames"> = NO_ROWS) {
    this.#frames = kept.frames;
    this.sites = kept.sites;
    this.#keys = kept.keys;
    for (const site of sites) this.addSite(site);
    for (const frame of frames) this.#frames.set(frame.id, frame);
  }

  /** Takes in a site that is known from before. @param key that it had, if it had one. */
  addSite(site: SiteRow, key?: string): void {
    this.sites.add(this.#keys.add(site, site, key), { ...site });
  }

  frameById(id: string): FrameRow | undefined {
    return this.#frames.get(id);
  }

  apply(record: ResultRecord): RowChanges {
    const { frame, recordedMs: ms } = record;
    if (frame !== undefined) {
      const known = this.#knownFrame(frame);
      const row = known ?? frameRow(frame, this.#siteNumber(frame.site, frame), ms);
      if (known === undefined) this.#frames.set(frame.id, row);
      // A late verdict comes after a drop, be it lost.
      if (known === undefined && record.type === "verdict" && record.late) row.end = "drop";
      const frameBefore = known && { end: known.end, decision: known.decision };
      // A verdict stands: only a repeat of the frame can have been dropped since, by an agent that was started anew.
      if (frameBefore?.end !== "verdict" || record.type === "verdict") applyEnd(row, record);
      return { frame: row, frameBefore };
    }
    if (record.type === "outcome") {
      const site = this.frameById(record.keepId)?.site ?? this.#siteNumber(record.site, record);
      return { outcome: outcomeRow(record, site) };
    }
    if (record.type === "abandon") {
      return {
        end: endRow(record, this.#siteNumber(record.site, record)),
        ...this.#unheard(record),
      };
    }
    if (record.type === "change" && record.change.what === "label") {
      const { site: named, channel = "", timeIndex = 0, frameId, mark } = record.change;
      const site = this.frameById(frameId)?.site ?? this.#siteNumber(named, {});
      return { label: { site, channel, timeIndex, frameId, mark, ms } };
    }
    return {};
  }

  /** The frame whose verdict the controller did not get in time, as it says. */
  #unheard({ frameId = "" }: AbandonMessage): Pick<RowChanges, "frame" | "frameBefore"> {
    const frame = this.frameById(frameId);
    if (frame === undefined || frame.mode !== "gate" || frame.end !== "verdict") return {};
    const frameBefore = { end: frame.end, decision: frame.decision };
    Object.assign(frame, { end: "drop", why: "deadline", unheard: true });
    return { frame, frameBefore };
  }

  /** The row of a frame that was heard of. An id that a controller has used again is another frame's. */
  #knownFrame({ id, site, channel = "", timeIndex = 0, attempt }: FrameMessage): FrameRow | undefined {
    const row = this.frameById(id);
    if (row === undefined || this.sites.at(row.site)?.name !== site.name) return undefined;
    return row.channel === channel && row.timeIndex === timeIndex && row.attempt === attempt
      ? row
      : undefined;
  }

  #siteNumber(named: SiteName & Omit<SiteRow, "name">, place: SitePlace): number {
    const key = this.#keys.keyOf(named, place);
    const { xUm, yUm } = place;
    const known = this.sites.numberOf(key);
    if (known !== undefined) {
      this.sites.place(known, xUm, yUm);
      return known;
    }
    const { name, plate, row, column, index, position } = named;
    const well = wellNameOf(named);
    return this.sites.add(key, { name, plate, well, row, column, index, position, xUm, yUm });
  }
}

/** The row that tells which site a record is about; undefined if it is about none. */
export function changedRow({ frame, outcome, end, label }: RowChanges): Row | undefined {
  return frame ?? outcome ?? end ?? label;
}

/** Tells the sites of a run at each channel and time point apart. */
export function rowKey({ site, channel, timeIndex }: Row): string {
  return `${site}/${timeIndex}/${channel}`;
}

/** One literal: of an object that is put together from others V8 (11) keeps a shape for each, as large as the row. */
function frameRow(frame: FrameMessage, site: number, ms: number): FrameRow {
  const { id, channel = "", timeIndex = 0, zIndex = 0, attempt, mode, zUm, zSource, plannedZUm } = frame;
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
    zSource,
    plannedZUm,
    ms,
    end: "verdict",
  };
}

/** How a frame ended. */
function applyEnd(row: FrameRow, record: ResultRecord): void {
  if (record.type === "verdict") applyVerdict(row, record);
  else if (record.type === "drop") Object.assign(row, { end: "drop", why: record.why });
  else if (record.type === "error") Object.assign(row, { end: "error", why: record.code });
}

function applyVerdict(row: FrameRow, verdict: Verdict): void {
  const { stack, action } = verdict;
  if (verdict.late) row.late = true;
  else if (!row.unheard) row.end = "verdict";
  row.condition = verdict.condition;
  // Of a z-stack, its sharpest slice.
  row.expectedLevel = stack?.sharpestLevel ?? verdict.expectedLevel;
  row.level = stack === undefined ? verdict.level : Math.round(stack.sharpestLevel);
  row.sharpestZIndex = stack?.sharpestZIndex;
  row.sharpestZUm = stack?.sharpestZUm;
  row.certainty = verdict.aggregateCertainty;
  row.confidence = verdict.confidence;
  if (verdict.unfamiliar) row.unfamiliar = true;
  row.decision = verdict.decision;
  row.keepAttempt = verdict.keepAttempt;
  row.reason = verdict.reason;
  if (action?.kind === "move-z") row.moveUm = action.byUm;
}

function outcomeRow(outcome: At<OutcomeMessage>, site: number): OutcomeRow {
  const { channel = "", timeIndex = 0, recovered, decision, attempts, levelBefore, levelAfter } = outcome;
  const { zBeforeUm, zAfterUm, travelUm, keepId, keepAttempt, tried, why, reason } = outcome;
  return {
    site,
    channel,
    timeIndex,
    recovered,
    decision,
    attempts,
    levelBefore,
    levelAfter,
    zBeforeUm,
    zAfterUm,
    travelUm,
    keepId,
    keepAttempt,
    tried,
    why,
    reason,
    ms: outcome.recordedMs,
  };
}

function endRow(abandon: At<AbandonMessage>, site: number): EndRow {
  const { channel = "", timeIndex = 0, why, reason, recordedMs: ms } = abandon;
  return { site, channel, timeIndex, why, reason, ms };
}
