import type { Mark } from "../protocol/messages.js";
import type { FrameRow, LabelRow, OutcomeRow, RunSnapshot } from "./run-rows.js";
import type { RowChanges } from "./run-table.js";

/**
 * How a site stands: `sharp`; `searching`, while it is refocused; `flagged`, blurred and kept as it is; `blank`; `unjudged`,
 * for another reason; `unscored`, no verdict in time; `error`.
 */
export type SiteStatus = "sharp" | "searching" | "flagged" | "blank" | "unjudged" | "unscored" | "error";

/** What is known of one site, channel and time point. */
export interface SiteState {
  readonly site: number;
  readonly channel: string;
  readonly timeIndex: number;
  readonly status: SiteStatus;
  /** Its frames, attempt by attempt; slices of z-stacks are left out. */
  readonly frames: readonly FrameRow[];
  /** The frame to keep. */
  readonly kept: FrameRow;
  readonly outcome: OutcomeRow | undefined;
  readonly mark: Mark | undefined;
  /** Expected level and certainty of the frame to keep; undefined where it was not scored. */
  readonly level: number | undefined;
  readonly certainty: number | undefined;
  /** Best known z, um. */
  readonly zUm: number | undefined;
}

interface Parts {
  frames: FrameRow[];
  outcome: OutcomeRow | undefined;
  label: LabelRow | undefined;
  state: SiteState | undefined;
}

/** The states of all sites of a run, brought up to date row by row. */
export class SiteStates {
  readonly #parts = new Map<string, Parts>();
  /** By site and channel: the latest time point that has a frame. */
  readonly #latest = new Map<string, Map<string, number>>();

  static of({ frames, outcomes, labels }: Pick<RunSnapshot, "frames" | "outcomes" | "labels">): SiteStates {
    const states = new SiteStates();
    for (const frame of frames) states.apply({ frame });
    for (const outcome of outcomes) states.apply({ outcome });
    for (const label of labels) states.apply({ label });
    return states;
  }

  /** Takes the rows that a record has changed; gives the number of the site whose state may be another now. */
  apply({ frame, outcome, label }: RowChanges): number | undefined {
    const row = frame ?? outcome ?? label;
    if (row === undefined || frame?.isSlice) return undefined;
    const parts = this.#partsOf(row);
    parts.state = undefined;
    if (frame !== undefined) this.#putFrame(parts, frame);
    if (outcome !== undefined) parts.outcome = outcome;
    if (label !== undefined) parts.label = label;
    return row.site;
  }

  /** One state, or undefined if no frame of it was seen. */
  get(site: number, channel: string, timeIndex: number): SiteState | undefined {
    const parts = this.#parts.get(keyOf({ site, channel, timeIndex }));
    if (parts === undefined || parts.frames.length === 0) return undefined;
    parts.state ??= stateOf(parts);
    return parts.state;
  }

  /** The states of a site at its last time point, or at the one given, one a channel. */
  ofSite(site: number, timeIndex?: number): SiteState[] {
    const channels = this.#latest.get(String(site)) ?? [];
    return [...channels].flatMap(([channel, last]) => this.get(site, channel, timeIndex ?? last) ?? []);
  }

  /** All states, in the order in which they were first seen. */
  *all(): Generator<SiteState, void, undefined> {
    for (const parts of this.#parts.values()) {
      if (parts.frames.length === 0) continue;
      parts.state ??= stateOf(parts);
      yield parts.state;
    }
  }

  #partsOf(row: Pick<OutcomeRow, "site" | "channel" | "timeIndex">): Parts {
    const key = keyOf(row);
    const known = this.#parts.get(key);
    if (known !== undefined) return known;
    const parts: Parts = { frames: [], outcome: undefined, label: undefined, state: undefined };
    this.#parts.set(key, parts);
    return parts;
  }

  #putFrame(parts: Parts, frame: FrameRow): void {
    const at = parts.frames.findIndex(({ id }) => id === frame.id);
    if (at >= 0) {
      parts.frames[at] = frame;
      return;
    }
    // The site is imaged anew: what was found before is history.
    if (frame.attempt === 0 && parts.frames.length > 0) {
      parts.frames = [];
      if (parts.outcome !== undefined && parts.outcome.ms < frame.ms) parts.outcome = undefined;
    }
    parts.frames.push(frame);
    const site = String(frame.site);
    const channels = this.#latest.get(site) ?? new Map<string, number>();
    this.#latest.set(site, channels);
    channels.set(frame.channel, Math.max(frame.timeIndex, channels.get(frame.channel) ?? 0));
  }
}

function stateOf({ frames, outcome, label }: Parts): SiteState {
  const last = frames.at(-1)!;
  const { site, channel, timeIndex } = last;
  const keepAttempt = outcome?.keepAttempt ?? last.keepAttempt ?? last.attempt;
  const kept = frames.find(({ attempt }) => attempt === keepAttempt) ?? last;
  return {
    ...{ site, channel, timeIndex, frames, kept, outcome },
    status: statusOf(last, outcome),
    mark: label?.mark,
    level: outcome?.levelAfter ?? kept.expectedLevel,
    certainty: kept.certainty,
    zUm: outcome?.zAfterUm ?? kept.zUm ?? last.zUm ?? last.plannedZUm,
  };
}

/** How a site stands whose search has ended without the frame that was asked for. */
const UNFINISHED = { yes: "sharp", "not-needed": "sharp", no: "flagged", unknown: "unjudged" } as const;

function statusOf(last: FrameRow, outcome: OutcomeRow | undefined): SiteStatus {
  if (last.end === "error") return "error";
  if (last.end === "drop") return "unscored";
  switch (last.decision) {
    case "accept":
      return "sharp";
    case "retry":
      return outcome === undefined ? "searching" : UNFINISHED[outcome.recovered];
    case "flag":
      return "flagged";
    default:
      return last.condition === "blank" ? "blank" : "unjudged";
  }
}

function keyOf({ site, channel, timeIndex }: Pick<OutcomeRow, "site" | "channel" | "timeIndex">): string {
  return `${site}/${timeIndex}/${channel}`;
}
