import { parseWell, wellNameOf } from "../frames/wells.js";
import type { SiteRow } from "../records/rows.js";
import type { LedgerEntry } from "../records/site-ledger.js";
import { reimageReason } from "./reimage-list.js";

/** What other programs are told of a site, channel and time point. */
export interface SiteVerdict {
  /** Empty where it is not known. */
  readonly plate: string;
  /** In the one spelling; what the controller calls it where that names no well; else empty. */
  readonly well: string;
  /** Number within the well, else the name of the site. */
  readonly site: number | string;
  readonly channel: string;
  readonly timeIndex: number;
  /** What became of it: one of `SITE_STATUSES`, or the condition of an image that was only scored. */
  readonly status: string;
  /** Whether it is to be imaged again, and left out of what is worked out from it; why, else empty. */
  readonly isBad: boolean;
  readonly reason: string;
  /** Expected level and aggregate certainty of the frame to keep. */
  readonly level: number | undefined;
  readonly certainty: number | undefined;
  readonly zUm: number | undefined;
  /** Its slice; of a z-stack, the sharpest one. */
  readonly zIndex: number | undefined;
}

/** The verdicts on the sites of a run: bad is what is on its re-image list. */
export function siteVerdicts(entries: Iterable<LedgerEntry>): SiteVerdict[] {
  const verdicts = Array.from(entries, ({ site, state }): SiteVerdict => {
    const { channel, timeIndex, status, level, certainty, zUm, kept } = state;
    const reason = reimageReason(state, { withUnfinished: true });
    return {
      ...placeOf(site),
      ...{ channel, timeIndex, status, level, certainty, zUm },
      ...{ isBad: reason !== undefined, reason: reason ?? "", zIndex: kept?.sharpestZIndex ?? kept?.zIndex },
    };
  });
  return lastOfEach(verdicts);
}

/** How other programs name a site: CellProfiler's Metadata_Plate, Metadata_Well, Metadata_Site. */
function placeOf(site: SiteRow): Pick<SiteVerdict, "plate" | "well" | "site"> {
  return { plate: site.plate ?? "", well: wellNameOf(site) ?? "", site: site.index ?? site.name };
}

/** The sites of several runs; of those that a later run has imaged again, what the later one found. */
export function ofLastRuns(entries: Iterable<LedgerEntry>): LedgerEntry[] {
  const all = Array.from(entries, (entry) => {
    const { channel, timeIndex } = entry.state;
    return { entry, key: keyOf({ ...placeOf(entry.site), channel, timeIndex }) };
  });
  const lastRuns = new Map(all.map(({ entry, key }) => [key, entry.session]));
  return all.flatMap(({ entry, key }) => (entry.session === lastRuns.get(key) ? [entry] : []));
}

/** A site that was imaged again, in another run, counts once: joined tables must not get more rows. */
function lastOfEach(verdicts: readonly SiteVerdict[]): SiteVerdict[] {
  return [...new Map(verdicts.map((verdict) => [keyOf(verdict), verdict])).values()];
}

/** Tells verdicts apart. */
export function keyOf(
  verdict: Pick<SiteVerdict, "plate" | "well" | "site" | "channel" | "timeIndex">,
): string {
  const { plate, well, site, channel, timeIndex } = verdict;
  return JSON.stringify([plate, well, String(site), channel, timeIndex]);
}

/** Whether a verdict names a well of a plate. */
export function hasWell({ well }: Pick<SiteVerdict, "well">): boolean {
  return parseWell(well) !== undefined;
}
