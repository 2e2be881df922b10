import type { Recovered } from "../protocol/messages.js";
import type { ResultRecord } from "../records/record.js";
import type { FrameRow } from "../records/rows.js";
import { type LedgerEntry, SiteLedger } from "../records/site-ledger.js";
import type { SiteState } from "../records/site-state.js";
import { isGated, isMissing } from "../records/site-status.js";
import { median } from "../statistics.js";
import { type NamedRun, RunNames, runName } from "./run-name.js";

/** What became of the sites of a run. A site counts once for each channel and time point, here and in all tables. */
export interface RunSummary {
  /** The runs that were added up, with their names. */
  readonly runs: readonly (NamedRun & { readonly name: string })[];
  /** All that is known of: the sum of those in focus, recovered, given up, not judged and watched. */
  readonly sites: number;
  /** Sharp in the first frame. */
  readonly inFocus: number;
  /** Blurred in the first frame and sharp in the one to keep. */
  readonly recovered: number;
  /** Blurred and not recovered, by the reason for which the site ended. */
  readonly givenUp: Readonly<Record<string, number>>;
  /** Not judged, or without an end, by the reason: unscored, no frame, skipped, blank and others. */
  readonly unknown: Readonly<Record<string, number>>;
  /** Sites that were planned and of which the agent saw no frame in time: unscored, no frame, skipped. */
  readonly missing: number;
  /** Sites of which no frame was gated, by what they are. */
  readonly watched: Readonly<Record<string, number>>;
  /** Sites whose frame to keep is blurrier than the first by its level. */
  readonly blurrier: number;
  /** Frames beyond the first of each gated site. */
  readonly extraExposures: number;
  /** Path of the focus drive, um. */
  readonly travelUm: number;
  /** Median of the levels gained by the recovered sites; undefined if there are none. */
  readonly medianGain: number | undefined;
  /** Frames that were scored in time, and gated frames that were not. */
  readonly scored: number;
  readonly unscored: number;
  /**
   * Sites to look at, in the order of the run: gated ones that were given up or are not known to be in focus, and watched ones that
   * are out of focus or could not be scored.
   */
  readonly toLookAt: readonly SiteToLookAt[];
}

export interface SiteToLookAt
  extends Pick<SiteState, "channel" | "timeIndex" | "status" | "levelBefore" | "level" | "zUm" | "tried"> {
  readonly plate: string | undefined;
  readonly site: string;
  readonly why: string;
}

/** Adds a run's records up. */
export class RunSummariser {
  readonly #ledger = new SiteLedger();
  readonly #names = new RunNames();
  #scored = 0;
  #unscored = 0;

  apply(record: ResultRecord): void {
    this.#names.apply(record);
    const { frame, frameBefore } = this.#ledger.apply(record)?.rows ?? {};
    if (frame === undefined) return;
    this.#count(frame, 1);
    // A frame that was sent again counts once.
    if (frameBefore !== undefined) this.#count({ ...frameBefore, mode: frame.mode }, -1);
  }

  #count({ end, mode }: Pick<FrameRow, "end" | "mode">, by: number): void {
    if (end === "verdict") this.#scored += by;
    else if (mode === "gate") this.#unscored += by;
  }

  /** What became of each site, channel and time point. */
  sites(): Iterable<LedgerEntry> {
    return this.#ledger.all();
  }

  summary(): RunSummary {
    const all = [...this.#ledger.all()];
    const gated = all.filter(({ state }) => isGated(state));
    const of = (recovered: Recovered | undefined) =>
      gated.filter(({ state }) => state.recovered === recovered);
    const [recovered, unknown] = [of("yes"), [...of("unknown"), ...of(undefined)]];
    const outcomes = gated.flatMap(({ state }) => state.outcome ?? []);
    return {
      runs: this.#names.all().map((run) => ({ ...run, name: runName(run) })),
      sites: all.length,
      inFocus: of("not-needed").length,
      recovered: recovered.length,
      givenUp: counts(of("no"), whyOf),
      unknown: counts(unknown, whyOf),
      missing: gated.filter(({ state: { status } }) => isMissing(status)).length,
      watched: counts(
        all.filter(({ state }) => !isGated(state)),
        ({ state }) => state.status,
      ),
      blurrier: gated.filter(({ state }) => gainOf(state) < 0).length,
      extraExposures: gated.reduce((sum, { state }) => sum + exposuresOf(state) - 1, 0),
      travelUm: Math.round(outcomes.reduce((sum, { travelUm }) => sum + travelUm, 0) * 1000) / 1000,
      medianGain: median(recovered.map(({ state }) => gainOf(state))),
      scored: this.#scored,
      unscored: this.#unscored,
      toLookAt: all.filter(({ state }) => isToLookAt(state)).map(toLookAt),
    };
  }
}

function isToLookAt(state: SiteState): boolean {
  if (!isGated(state)) return state.status === "flagged" || state.status === "error";
  return state.recovered !== "yes" && state.recovered !== "not-needed";
}

/** Why a site ended: in the word for what it is where that says more. */
function whyOf({ state: { status, why } }: LedgerEntry): string {
  if (isMissing(status) || status === "error") return status;
  return why ?? (status === "searching" ? "unfinished" : status);
}

/** Levels gained; 0 where they are not known. */
function gainOf({ levelBefore, level }: SiteState): number {
  return levelBefore === undefined || level === undefined ? 0 : levelBefore - level;
}

function exposuresOf({ frames, outcome }: SiteState): number {
  return Math.max(1, frames.length, outcome?.attempts ?? 0);
}

function counts(
  sites: readonly LedgerEntry[],
  nameOf: (site: LedgerEntry) => string,
): Record<string, number> {
  const found: Record<string, number> = {};
  for (const site of sites) found[nameOf(site)] = (found[nameOf(site)] ?? 0) + 1;
  return found;
}

function toLookAt(entry: LedgerEntry): SiteToLookAt {
  const { site, state } = entry;
  const { channel, timeIndex, status, levelBefore, level, zUm, tried } = state;
  const place = { plate: site.plate, site: site.name, channel, timeIndex };
  return { ...place, status, levelBefore, level, zUm, tried, why: whyOf(entry) };
}
