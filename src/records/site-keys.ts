import { wellNameOf } from "../frames/wells.js";
import type { Site } from "../protocol/messages.js";
import type { Shelf } from "./shelf.js";

/** What tells a site from others, as far as it is known. */
export type SiteName = Pick<Site, "name" | "plate" | "well" | "row" | "column" | "position">;

/** Where and when a site is imaged: stage x and y, um. */
export interface SitePlace {
  readonly xUm?: number | undefined;
  readonly yUm?: number | undefined;
  readonly timeIndex?: number | undefined;
}

/** Two images nearer than this are of one place: a stage comes back with some error, and fields are larger. */
const SAME_PLACE_UM = 10;

/** Places of one name that are told apart; beyond them, the one that was imaged longest ago is forgotten. */
const MAX_NAMESAKES = 10_000;

interface KnownSite {
  readonly key: string;
  place: SitePlace;
}

/** The sites of one name, the one imaged last at the end. */
export interface Namesakes {
  /** How many there were, those included that are forgotten. */
  count: number;
  readonly sites: KnownSite[];
}

/**
 * Tells the sites of one run apart: by plate, well, name and the number of the position. Where a name without a number
 * repeats, by stage x and y, too; a site that has moved from one time point to the next is followed. Does no I/O.
 */
export class SiteKeys {
  readonly #names: Shelf<Namesakes>;

  /** @param names where they are kept. */
  constructor(names: Shelf<Namesakes> = new Map<string, Namesakes>()) {
    this.#names = names;
  }

  /** The key of a site, the same each time. A message that does not say where is about the namesake imaged last. */
  keyOf(site: SiteName, place: SitePlace = {}): string {
    const name = nameKey(site);
    const namesakes = this.#names.get(name);
    const known = namesakes && sameSite(site, namesakes.sites, place);
    if (known === undefined) return this.add(site, place);
    known.place = {
      xUm: place.xUm ?? known.place.xUm,
      yUm: place.yUm ?? known.place.yUm,
      timeIndex: place.timeIndex ?? known.place.timeIndex,
    };
    const { sites } = namesakes!;
    if (known !== sites.at(-1)) sites.push(...sites.splice(sites.indexOf(known), 1));
    this.#names.set(name, namesakes!);
    return known.key;
  }

  /** Takes in a site that is known from before, under the key that it had. */
  add(site: SiteName, place: SitePlace, key?: string): string {
    const name = nameKey(site);
    const namesakes = this.#names.get(name) ?? { count: 0, sites: [] };
    const { count } = namesakes;
    const known = { key: key ?? (count === 0 ? name : `${name}#${count}`), place };
    // A site that comes next must not get the key of one that was forgotten.
    const number = known.key.startsWith(`${name}#`) ? Number(known.key.slice(name.length + 1)) : 0;
    namesakes.count = Math.max(count, number) + 1;
    namesakes.sites.push(known);
    if (namesakes.sites.length > MAX_NAMESAKES) namesakes.sites.shift();
    this.#names.set(name, namesakes);
    return known.key;
  }
}

/** Tells sites apart that have different names; however a controller spells a well, it is the same one. */
export function nameKey(site: SiteName): string {
  const { plate, name, position } = site;
  const well = wellNameOf(site);
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
