import type { Mark, OutcomeMessage, Recovered } from "../protocol/messages.js";
import type { EndRow, FrameRow, LabelRow, OutcomeRow } from "./rows.js";
import { changedRow, type RowChanges, type Rows, rowKey } from "./run-rows.js";
import type { Shelf } from "./shelf.js";
import { recoveredOf, type SiteEnding, type SiteStatus, statusOf } from "./site-status.js";

/** What is known of one site, channel and time point. */
export interface SiteState {
  readonly site: number;
  readonly channel: string;
  readonly timeIndex: number;
  readonly status: SiteStatus;
  /** Its frames, attempt by attempt; slices of z-stacks are left out, but for the sharpest of a stack that is only watched. */
  readonly frames: readonly FrameRow[];
  /** An image that was only watched after the site had been gated: what was saved of it. */
  readonly watched: FrameRow | undefined;
  /** The frame to keep; undefined where the agent saw none. */
  readonly kept: FrameRow | undefined;
  readonly outcome: OutcomeRow | undefined;
  /** How the controller says it ended. */
  readonly end: EndRow | undefined;
  readonly mark: Mark | undefined;
  /** Whether refocusing helped; undefined while it goes on, and where nothing was gated. */
  readonly recovered: Recovered | undefined;
  /** Expected level of the first frame, and of the one to keep; undefined where it was not scored. */
  readonly levelBefore: number | undefined;
  readonly level: number | undefined;
  /** Of the frame to keep. */
  readonly certainty: number | undefined;
  /** Best known z, um. */
  readonly zUm: number | undefined;
  /** Where frames were taken and what they showed. */
  readonly tried: OutcomeMessage["tried"];
  /** Why it ended, in a word and in a sentence. */
  readonly why: string | undefined;
  readonly reason: string | undefined;
}

type Row = Pick<OutcomeRow, "site" | "channel" | "timeIndex">;
type Given = "site" | "channel" | "timeIndex" | "frames" | "watched" | "outcome" | "end" | "mark";

/** What records have said of one site, channel and time point since it was imaged last. */
export interface SiteAccount {
  frames: FrameRow[];
  watched: FrameRow | undefined;
  sharpestSlice: FrameRow | undefined;
  outcome: OutcomeRow | undefined;
  end: EndRow | undefined;
  label: LabelRow | undefined;
}

/** What became of all sites of a run, brought up to date row by row. Every table, report and alert is made from this. */
export class SiteStates {
  readonly #accounts: Shelf<SiteAccount>;
  /** Those that were asked for, until something changes. */
  readonly #states = new WeakMap<SiteAccount, SiteState>();
  /** By site and channel: the latest time point that is known, for `ofSite`. */
  readonly #latest: Map<number, Map<string, number>> | undefined;

  /** @param accounts where they are kept; on a shelf of its own `ofSite` knows none. Without one, in memory. */
  constructor(accounts?: Shelf<SiteAccount>) {
    this.#accounts = accounts ?? new Map<string, SiteAccount>();
    this.#latest = accounts === undefined ? new Map() : undefined;
  }

  static of({ frames, outcomes, ends, labels }: Omit<Rows, "sites">): SiteStates {
    const states = new SiteStates();
    for (const frame of frames) states.apply({ frame });
    for (const outcome of outcomes) states.apply({ outcome });
    for (const end of ends) states.apply({ end });
    for (const label of labels) states.apply({ label });
    return states;
  }

  /** Takes the rows that a record has changed; gives what is known now of the site that they are about. */
  apply(changes: RowChanges): SiteState | undefined {
    const row = changedRow(changes);
    if (row === undefined) return undefined;
    const { frame, frameBefore, outcome, end, label } = changes;
    const key = rowKey(row);
    const account = this.#accounts.get(key) ?? newAccount();
    this.#states.delete(account);
    if (frame?.isSlice) putSlice(account, frame);
    else if (frame !== undefined) putFrame(account, frame, frameBefore === undefined);
    if (outcome !== undefined) account.outcome = outcome;
    if (end !== undefined && isOfLastVisit(account, frame)) account.end = end;
    if (label !== undefined) account.label = label;
    else this.#noteTime(row);
    this.#accounts.set(key, account);
    // Not kept: whoever only takes records would hold as much again as what they say.
    return stateOf(row, account);
  }

  /** One state, or undefined if nothing is known of it. */
  get(site: number, channel: string, timeIndex: number): SiteState | undefined {
    const account = this.#accounts.get(rowKey({ site, channel, timeIndex }));
    return account && this.#stateOf({ site, channel, timeIndex }, account);
  }

  /** The states of a site at its last time point, or at the one given, one a channel. */
  ofSite(site: number, timeIndex?: number): SiteState[] {
    const channels = this.#latest?.get(site) ?? [];
    return [...channels].flatMap(([channel, last]) => this.get(site, channel, timeIndex ?? last) ?? []);
  }

  /** All states, in the order in which they were first seen. */
  *all(): Generator<SiteState, void, undefined> {
    for (const [, account] of this.#accounts.entries()) {
      const row = account.frames[0] ?? account.sharpestSlice ?? account.outcome ?? account.end;
      if (row !== undefined) yield this.#stateOf(row, account)!;
    }
  }

  /** How all of them stand, in the same order. */
  *statuses(): Generator<SiteStatus, void, undefined> {
    for (const [, account] of this.#accounts.entries()) {
      const ending = endingOf(account);
      if (ending !== undefined) yield statusOf(ending);
    }
  }

  #noteTime({ site, channel, timeIndex }: Row): void {
    if (this.#latest === undefined) return;
    const channels = this.#latest.get(site) ?? new Map<string, number>();
    this.#latest.set(site, channels);
    channels.set(channel, Math.max(timeIndex, channels.get(channel) ?? 0));
  }

  #stateOf(row: Row, account: SiteAccount): SiteState | undefined {
    const state = this.#states.get(account) ?? stateOf(row, account);
    if (state !== undefined) this.#states.set(account, state);
    return state;
  }
}

function stateOf({ site, channel, timeIndex }: Row, account: SiteAccount): SiteState | undefined {
  const ending = endingOf(account);
  if (ending === undefined) return undefined;
  const { watched, label } = account;
  return { site, channel, timeIndex, watched, mark: label?.mark, ...ending, ...figures(ending) };
}

/** Whether word of how a site ended is of its last visit: it may name a frame of an earlier one. */
function isOfLastVisit({ frames }: SiteAccount, named: FrameRow | undefined): boolean {
  return named === undefined || frames.some(({ id }) => id === named.id);
}

/** How a site ended; undefined if no image of it is known, and nothing was said of it. */
function endingOf({ frames: own, sharpestSlice, outcome: told, end }: SiteAccount): SiteEnding | undefined {
  // Of a stack whose controller says that it was not judged, a slice says nothing.
  const isWatched = own.length === 0 && end === undefined;
  const frames = isWatched && sharpestSlice !== undefined ? [sharpestSlice] : own;
  // It tells what the agent decided; the controller went on without that.
  const outcome = frames.at(-1)?.unheard ? undefined : told;
  if (frames.length === 0 && outcome === undefined && end === undefined) return undefined;
  return { frames, outcome, end };
}

function newAccount(): SiteAccount {
  const rest = { outcome: undefined, end: undefined, label: undefined };
  return { frames: [], watched: undefined, sharpestSlice: undefined, ...rest };
}

function putFrame(account: SiteAccount, frame: FrameRow, isNew = true): void {
  const at = account.frames.findIndex(({ id, attempt }) => id === frame.id && attempt === frame.attempt);
  if (at >= 0) {
    account.frames[at] = frame;
    return;
  }
  if (account.watched?.id === frame.id) account.watched = frame;
  // A late word on what was imaged before.
  if (!isNew) return;
  const isGated = account.frames.some(({ mode }) => mode === "gate");
  if (frame.mode === "observe" && isGated) {
    account.watched = frame;
    return;
  }
  // The site is imaged anew: what was found before is history.
  const isAnew = frame.attempt === 0 || (frame.mode === "gate" && !isGated);
  if (isAnew && account.frames.length > 0) {
    account.frames = [];
    account.watched = undefined;
    account.outcome = undefined;
    account.end = undefined;
  }
  account.frames.push(frame);
}

/** Stands for a stack of which no frame is gated. */
function putSlice(account: SiteAccount, slice: FrameRow): void {
  const best = account.sharpestSlice;
  const isSharper = (slice.expectedLevel ?? 10) < (best?.expectedLevel ?? 10);
  if (best === undefined || isSharper || slice.zIndex === best.zIndex) {
    account.sharpestSlice = slice;
  }
}

/** The figures of a site. */
function figures(ending: SiteEnding): Omit<SiteState, Given> {
  const { frames, outcome, end } = ending;
  const last = frames.at(-1);
  const heard = frames.findLast(({ end }) => end === "verdict");
  const keepAttempt = outcome?.keepAttempt ?? heard?.keepAttempt ?? last?.attempt;
  const kept = frames.find(({ attempt }) => attempt === keepAttempt) ?? last;
  // Of a search that another agent had begun, the outcome knows only the end.
  const first = outcome?.tried?.[0]?.attempt ?? Number.POSITIVE_INFINITY;
  const before = frames.flatMap(({ attempt, zUm, expectedLevel: level }) =>
    level !== undefined && attempt < first ? { attempt, zUm, level } : [],
  );
  return {
    status: statusOf(ending),
    recovered: recoveredOf(ending, keepAttempt),
    kept,
    levelBefore: before[0]?.level ?? outcome?.levelBefore,
    level: outcome?.levelAfter ?? kept?.expectedLevel,
    certainty: kept?.certainty,
    zUm: outcome?.zAfterUm ?? kept?.sharpestZUm ?? kept?.zUm ?? last?.zUm ?? last?.plannedZUm,
    tried: [...before, ...(outcome?.tried ?? [])],
    why: outcome?.why ?? end?.why ?? last?.why,
    reason: outcome?.reason ?? end?.reason ?? last?.reason,
  };
}
