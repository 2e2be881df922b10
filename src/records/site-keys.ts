import { wellSpelling } from "../frames/wells.js";
import type { Site } from "../protocol/messages.js";

/** What tells a site from others, as far as it is known. */
export type SiteName = Pick<Site, "name" | "plate" | "well" | "position">;

/** Where and when a site is imaged: stage x and y, um. */
export interface SitePlace {
  readonly xUm?: number | undefined;
  readonly yUm?: number | undefined;
  readonly timeIndex?: number | undefined;
}

/** Two images nearer than this are of one place: a stage comes back with some error, and fields are larger. */
const SAME_PLACE_UM = 10;

interface KnownSite {
  readonly key: string;
  place: SitePlace;
}

/**
 * Tells the sites of one run apart: by plate, well, name and the number of the position. Where a name without a number
 * repeats, by stage x and y, too; a site that has moved from one time point to the next is followed. Does no I/O.
 */
export class SiteKeys {
  readonly #sites = new Map<string, KnownSite[]>();

  /** The key of a site, the same each time. A message that does not say where is about the namesake imaged last. */
  keyOf(site: SiteName, place: SitePlace = {}): string {
    const namesakes = this.#sites.get(nameKey(site)) ?? [];
    const known = namesakes.length === 0 ? undefined : sameSite(site, namesakes, place);
    if (known === undefined) return this.add(site, place);
    known.place = {
      xUm: place.xUm ?? known.place.xUm,
      yUm: place.yUm ?? known.place.yUm,
      timeIndex: place.timeIndex ?? known.place.timeIndex,
    };
    // The one imaged last comes last.
    if (known !== namesakes.at(-1)) namesakes.push(...namesakes.splice(namesakes.indexOf(known), 1));
    return known.key;
  }

  /** Takes in a site that is known from before, under the key that it had. */
  add(site: SiteName, place: SitePlace, key?: string): string {
    const name = nameKey(site);
    const namesakes = this.#sites.get(name) ?? [];
    this.#sites.set(name, namesakes);
    const known = { key: key ?? (namesakes.length === 0 ? name : `${name}#${namesakes.length}`), place };
    namesakes.push(known);
    return known.key;
  }
}

/** Tells sites apart that have different names; however a controller spells a well, it is the same one. */
function nameKey({ plate, well: asSpelled, name, position }: SiteName): string {
  const well = asSpelled === undefined ? undefined : wellSpelling(asSpelled);
  return JSON.stringify(position === undefined ? [plate, well, name] : [plate, well, name, position]);
}

function sameSite(site: SiteName, namesakes: readonly KnownSite[], place: SitePlace): KnownSite | undefined {
  if (site.position !== undefined) return namesakes.at(-1);
  const nearest = namesakes
    .toReversed()
    .reduce((a, b) => (apartUm(b.place, place) < apartUm(a.place, place) ? b : a));
  if (apartUm(nearest.place, place) <= SAME_PLACE_UM) return nearest;
  const [before, now] = [nearest.place.timeIndex, place.timeIndex];
  return before !== undefined && now !== undefined && now > before ? nearest : undefined;
}

/** Distance of two places, um; 0 where it is not known. */
function apartUm(a: SitePlace, b: SitePlace): number {
  const along = (one?: number, other?: number) =>
    one === undefined || other === undefined ? 0 : one - other;
  return Math.hypot(along(a.xUm, b.xUm), along(a.yUm, b.yUm));
}
