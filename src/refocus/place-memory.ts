import { wellNameOf } from "../frames/wells.js";
import { BoundedMap } from "../protocol/bounded-map.js";
import type { FrameMessage, NextSite, NextZ, Site } from "../protocol/messages.js";
import { SiteKeys } from "../records/site-keys.js";
import { median } from "../statistics.js";
import { FocusSurface, type FoundFocus, type Place } from "./focus-surface.js";
import type { KnownFocus } from "./known-focus.js";

/** Sites that the surface is fitted to, at most: the newest. */
const MAX_FOUND = 200;
/** Names of sites by which they are known again; what was found there is forgotten much sooner. */
const MAX_NAMES = 2000;
/**
 * A site that was sharp in its first frame says on which level it lies, not on which side. The surface that led there is
 * off by the same for its neighbours, so that many such sites do not average out: they count as less certain by this.
 */
const UNSEARCHED_SD = 1.5;
/** Closer than this, um, a site was started where it was planned. */
const SAME_Z_UM = 0.05;
/** The predictions of this many sites decide how far a way of predicting is believed. */
const TRACK_RECORD = 8;
/** So many sites have to have shown how far off the plan and the surfaces are before these are asked. */
const MIN_TRACK_RECORD = 2;
/** Before its first site, a way of predicting is believed as if so many sites had borne it out. */
const BORNE_OUT = 2;
/** One site counts for no more than this, in squared standard deviations: it may be the odd one. */
const MAX_SQUARED = 4;
/** The standard deviation that a prediction claims is narrowed by no more than this. */
const LEAST_FACTOR = 0.5;
/** How far off a map is believed to be as long as no site of the run was found, um: the plate was taken off and put back. */
const UNTRIED_MAP_SD_UM = 3;
/** What the map is off is the median over so many of the last sites. */
const MAP_SITES = 8;
/** Sites of one well lie on one surface: scatter that is assumed until the run shows it, um. */
const WELL_SD_UM = 0.3;

interface FoundSite extends FoundFocus {
  readonly key: string;
  readonly well: string | undefined;
  /** Planned z, um. */
  readonly plannedUm: number;
  /** What the map says, if there is one. */
  readonly mapped: { readonly zUm: number; readonly sdUm: number } | undefined;
}

/** By what a site is told from others, and what the map says of it. */
type KnownSite = Pick<FoundSite, "key" | "well" | "mapped">;

/** Ways to predict where a site is in focus. `plan`: where the controller would image it anyway. */
const PREDICTORS = ["plan", "map", "site", "well", "surface", "plan-surface"] as const;
type Predictor = (typeof PREDICTORS)[number];

/** How far off a prediction was, and how far off it had to be expected, um. */
interface Miss {
  readonly missUm: number;
  readonly sdUm: number;
}

/** A plane of focus and its standard deviation, um. */
type Plane = Pick<FoundFocus, "zUm" | "sdUm">;
type Prediction = Plane & { readonly name: Predictor };

/** Where the sites of one session were in focus, and where those to come are to be expected. */
export class PlaceMemory {
  readonly #map: KnownFocus | undefined;
  readonly #found: FoundSite[] = [];
  readonly #sites = new SiteKeys(new BoundedMap(MAX_NAMES));
  /** Until another site is found. */
  #surfaces: ReturnType<typeof surfacesOf> | undefined;
  /** How far off each way of predicting was for the newest sites. */
  readonly #misses = new Map<Predictor, Miss[]>(PREDICTORS.map((name) => [name, []]));

  /** @param map where the plate was in focus before. */
  constructor(map?: KnownFocus) {
    this.#map = map;
  }

  /** Whether a site was found, or a map says where to look. */
  get isKnown(): boolean {
    return this.#found.length > 0 || this.#map !== undefined;
  }

  /** Where the site of a frame is expected in focus; undefined where nothing is known, or no z. */
  expectedAt(frame: FrameMessage, timeMs: number): Plane | undefined {
    return this.#expectedOf(frame, timeMs);
  }

  /**
   * Where to look for the site of a frame that shows nothing, um: where it is expected, or where that is its plan, as far from
   * the plan as the newest site was. Undefined where no site was found yet.
   */
  guessAt(frame: FrameMessage, timeMs: number): number | undefined {
    const expected = this.#expectedOf(frame, timeMs);
    if (expected !== undefined && expected.name !== "plan") return expected.zUm;
    const newest = frame.zUm === undefined ? undefined : this.#found.at(-1);
    return newest && plannedOf(frame) + newest.zUm - newest.plannedUm;
  }

  /** Where focus is expected at a site to come, or undefined where the plan is the best guess. */
  next(next: NextSite, timeMs: number): NextZ | undefined {
    const { channel, xUm = 0, yUm = 0, zUm } = next;
    const expected = this.#expected({ xUm, yUm, timeMs, channel }, this.#namesOf(next), zUm);
    if (expected === undefined || expected.name === "plan") return undefined;
    const basis = expected.name === "site" ? "site" : "surface";
    return { zUm: rounded(expected.zUm), sdUm: rounded(expected.sdUm), basis };
  }

  /**
   * Takes in where a site was found.
   * @param first of its frames. @param isSearched more than this one frame was taken.
   */
  learn(first: FrameMessage, focus: Plane, isSearched: boolean, timeMs: number): void {
    const found = {
      ...placeOf(first, timeMs),
      ...focus,
      ...this.#namesOf(first),
      plannedUm: plannedOf(first),
    };
    for (const name of PREDICTORS) {
      const predicted = this.#predict(name, found, found, found.plannedUm);
      // How high the plate was put back, the first site of the map tells: no fault of its own.
      if (predicted === undefined || (name === "map" && !this.#found.some(isMapped))) continue;
      const misses = this.#misses.get(name)!;
      // A site that was sharp at once lies anywhere within its level: that it was sharp there does not prove the guess.
      const sdUm = Math.hypot(predicted.sdUm, found.sdUm);
      misses.push({ missUm: Math.abs(predicted.zUm - found.zUm), sdUm });
      if (misses.length > TRACK_RECORD) misses.shift();
    }
    // A site seen again that was sharp where its last visit had led to says nothing new: taken in, its drift would feed
    // on its own prediction.
    const isAgain = this.#found.some(({ key, channel }) => key === found.key && channel === found.channel);
    const isAsPlanned = Math.abs(first.zUm! - found.plannedUm) < SAME_Z_UM;
    if (!isSearched && !isAsPlanned && isAgain) return;
    this.#found.push(isSearched ? found : { ...found, sdUm: UNSEARCHED_SD * found.sdUm });
    if (this.#found.length > MAX_FOUND) this.#found.shift();
    this.#surfaces = undefined;
  }

  /** Fits the surfaces now, so that nobody has to wait for them later. */
  fit(): void {
    if (this.#found.length > 0) this.#surfaces ??= surfacesOf(this.#found);
  }

  #expectedOf(frame: FrameMessage, timeMs: number): Prediction | undefined {
    if (frame.zUm === undefined) return undefined;
    return this.#expected(placeOf(frame, timeMs), this.#namesOf(frame), plannedOf(frame));
  }

  /** By the way of predicting that is the least off, as far as the last sites show, the plan itself among them. */
  #expected(place: Place, names: KnownSite, plannedUm: number): Prediction | undefined {
    // Whoever gives a map has a reason to.
    const ways =
      names.mapped !== undefined && !this.#isTried("plan")
        ? (["map"] as const)
        : PREDICTORS.filter((name) => this.#isTried(name));
    const predictions = ways.flatMap((name) => {
      const predicted = this.#predict(name, place, names, plannedUm);
      return predicted === undefined ? [] : [{ ...predicted, name, sdUm: this.#sdOf(name, predicted.sdUm) }];
    });
    return predictions.sort((a, b) => a.sdUm - b.sdUm)[0];
  }

  /** What holds from place to place, the plan or a surface, needs a record; the map, and what the site and its well showed, do not. */
  #isTried(name: Predictor): boolean {
    const isOfThePlace = name === "map" || name === "site" || name === "well";
    return isOfThePlace || this.#misses.get(name)!.length >= MIN_TRACK_RECORD;
  }

  /** Standard deviation of a prediction, um: what it claims, as far as the last ones bore that out. The plan claims nothing. */
  #sdOf(name: Predictor, claimedUm: number): number {
    const misses = this.#misses.get(name)!;
    if (name === "plan") {
      const squares = misses.map(({ missUm, sdUm }) => missUm ** 2 + sdUm ** 2);
      return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / squares.length);
    }
    const squares = misses.map(({ missUm, sdUm }) => Math.min(MAX_SQUARED, (missUm / sdUm) ** 2));
    const sum = squares.reduce((a, b) => a + b, BORNE_OUT);
    const factor = Math.max(LEAST_FACTOR, Math.sqrt(sum / (BORNE_OUT + squares.length)));
    return Math.max(claimedUm * factor, median(misses.map(({ missUm }) => missUm)) ?? 0);
  }

  #namesOf(seen: FrameMessage | NextSite): KnownSite {
    return {
      key: this.#sites.keyOf(seen.site, seen),
      well: wellKeyOf(seen.site),
      mapped: this.#map?.at(seen),
    };
  }

  #predict(
    name: Predictor,
    place: Place,
    { key, well, mapped }: KnownSite,
    plannedUm: number,
  ): Plane | undefined {
    if (name === "plan") return { zUm: plannedUm, sdUm: 0 };
    if (name === "map") return mapped && this.#asMapped(mapped);
    this.fit();
    if (this.#surfaces === undefined) return undefined;
    const { surface, aboutPlan } = this.#surfaces;
    if (name === "plan-surface") {
      const { zUm, sdUm } = aboutPlan.at(place);
      return { zUm: plannedUm + zUm, sdUm };
    }
    if (name === "surface") return surface.at(place);
    if (name === "well") {
      const mate = this.#found.findLast((found) => well !== undefined && found.well === well);
      return mate && { zUm: mate.zUm, sdUm: Math.hypot(mate.sdUm, WELL_SD_UM) };
    }
    const before =
      this.#found.findLast((found) => found.key === key && found.channel === place.channel) ??
      this.#found.findLast((found) => found.key === key);
    return before && surface.atAgain(place, before);
  }

  /** What the map says, moved by what it was off at the last sites. */
  #asMapped({ zUm, sdUm }: Plane): Plane {
    const off = this.#found.flatMap((found) =>
      found.mapped === undefined ? [] : [found.zUm - found.mapped.zUm],
    );
    const offUm = median(off.slice(-MAP_SITES));
    return offUm === undefined
      ? { zUm, sdUm: Math.hypot(sdUm, UNTRIED_MAP_SD_UM) }
      : { zUm: zUm + offUm, sdUm };
  }
}

function isMapped({ mapped }: FoundSite): boolean {
  return mapped !== undefined;
}

/** Surfaces through the planes of focus, and through their distances from the planned z. */
function surfacesOf(found: readonly FoundSite[]): Record<"surface" | "aboutPlan", FocusSurface<FoundSite>> {
  return {
    surface: new FocusSurface(found),
    aboutPlan: new FocusSurface(found, { zOf: ({ zUm, plannedUm }) => zUm - plannedUm }),
  };
}

function placeOf(frame: FrameMessage, timeMs: number): Place {
  return { xUm: frame.xUm ?? 0, yUm: frame.yUm ?? 0, timeMs, channel: frame.channel };
}

function plannedOf(frame: FrameMessage): number {
  return frame.plannedZUm ?? frame.zUm!;
}

function rounded(um: number): number {
  return Math.round(um * 1000) / 1000;
}

/** The well of a site, told from those of other plates. */
export function wellKeyOf(site: Site): string | undefined {
  const well = wellNameOf(site);
  return well === undefined ? undefined : JSON.stringify([site.plate, well]);
}
