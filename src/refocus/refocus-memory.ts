import { wellNameOf } from "../frames/wells.js";
import { BoundedMap } from "../protocol/bounded-map.js";
import type { FrameMessage, NextSite, NextZ, Site } from "../protocol/messages.js";
import { SiteKeys } from "../records/site-keys.js";
import { median } from "../statistics.js";
import { ContentMemory } from "./content-memory.js";
import { FocusBelief } from "./focus-belief.js";
import { FocusEvidence, type Sample } from "./focus-evidence.js";
import type { ContentPrior, FocusPrior } from "./focus-prior.js";
import { FocusSurface, type FoundFocus, type Place } from "./focus-surface.js";
import type { KnownFocus } from "./known-focus.js";
import { type ChannelRules, oversamplingFor, type PolicySettings, umPerLevelFor } from "./thresholds.js";

/** Sites that the surface is fitted to, at most: the newest. */
const MAX_FOUND = 200;
/** Names of sites by which they are known again; what was found there is forgotten much sooner. */
const MAX_NAMES = 2000;
/** Channels and optics of a session for which a scale and a side are remembered. */
const MAX_CHANNELS = 100;
/**
 * How well um per level is known before the first move (standard deviation of its logarithm): where the user gave it, and from
 * the optics, stated or assumed. Those are wrong by a factor of two often enough (binning, another objective) to look twice.
 */
const SD_OF_GIVEN = 0.3;
const SD_OF_OPTICS = 0.5;
/** Each new site takes this much of the memory of sides and scales: optics and plates change. */
const FORGETTING = 0.1;
/** How strongly the configured first side counts, in sites. */
const SIDE_PRIOR = 1;
/**
 * A site that was sharp in its first frame says on which level it lies, not on which side. The surface that led there is
 * off by the same for its neighbours, so that many such sites do not average out: they count as less certain by this.
 */
const UNSEARCHED_SD = 1.5;
/** Closer than this, um, a site was started where it was planned. */
const SAME_Z_UM = 0.05;
/** The predictions of this many sites decide whether the surface is to be believed. */
const TRACK_RECORD = 8;
const MIN_TRACK_RECORD = 2;

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

/** What the sites of one session have taught: optics, content and side for each channel, and where focus lies. */
export class RefocusMemory {
  readonly #settings: PolicySettings;
  readonly #map: KnownFocus | undefined;
  readonly #contents = new BoundedMap<string, ContentMemory>(MAX_CHANNELS);
  readonly #sides = new BoundedMap<string, { positive: number; negative: number }>(MAX_CHANNELS);
  readonly #found: FoundSite[] = [];
  readonly #sites = new SiteKeys(new BoundedMap(MAX_NAMES));
  /** Until another site is found. */
  #surfaces: ReturnType<typeof surfacesOf> | undefined;
  /** How far off each way of predicting was, um, for the newest sites. */
  readonly #misses = new Map<Predictor, number[]>(PREDICTORS.map((name) => [name, []]));

  /** @param map where the plate was in focus before. */
  constructor(settings: PolicySettings, map?: KnownFocus) {
    this.#settings = settings;
    this.#map = map;
  }

  /** What is believed of the site of a frame before its first level is seen. */
  priorFor(
    frame: FrameMessage,
    rules: ChannelRules,
    timeMs: number,
    brightness: number | undefined,
  ): FocusPrior {
    const { positive, negative } = this.#sideOf(frame.channel);
    return {
      ...this.#contentFor(frame, rules, brightness),
      positive: positive / (positive + negative),
      expected:
        frame.zUm === undefined
          ? undefined
          : this.#expected(placeOf(frame, timeMs), this.#namesOf(frame), plannedOf(frame)),
    };
  }

  /** Whether the run has shown what content like this reads near focus. @param brightness mean count of the first frame. */
  knowsContent(frame: FrameMessage, rules: ChannelRules, brightness: number | undefined): boolean {
    return this.#contentOf(frame, rules).knows(brightness);
  }

  /**
   * Takes in a site that ended in focus, part by part: together they take longer than anybody who is waited for should.
   * @param samples of the site, oldest first. @param keep index of the one in focus. @param evidence of the samples, if known.
   */
  *learn(
    first: FrameMessage,
    rules: ChannelRules,
    samples: readonly Sample[],
    keep: number,
    timeMs: number,
    evidence?: FocusEvidence,
  ): Generator<undefined, void> {
    const { brightness } = samples[0]!;
    const channel = first.channel ?? "";
    const known = evidence ?? new FocusEvidence(samples, this.#contentFor(first, rules, brightness));
    // Without what the neighbours say: this site is to be their witness, not their echo.
    const belief = new FocusBelief(known, { positive: 0.5 });
    if (samples.length > 1) {
      yield;
      this.#contentOf(first, rules).learn(belief, samples[keep]!.zUm, wellKeyOf(first.site), brightness);
      yield;
    }
    const shiftUm = samples[keep]!.zUm - samples[0]!.zUm;
    if (shiftUm !== 0) {
      const side = this.#sideOf(first.channel);
      this.#sides.set(channel, {
        positive: (1 - FORGETTING) * side.positive + (shiftUm > 0 ? 1 : 0),
        negative: (1 - FORGETTING) * side.negative + (shiftUm < 0 ? 1 : 0),
      });
    }
    if (first.zUm === undefined) return;
    const focus = belief.focusAbout(samples[keep]!.zUm);
    const found = {
      ...placeOf(first, timeMs),
      ...focus,
      ...this.#namesOf(first),
      plannedUm: plannedOf(first),
    };
    this.#record(found, samples.length > 1, Math.abs(first.zUm - found.plannedUm) < SAME_Z_UM);
    yield;
    this.#surfaces ??= surfacesOf(this.#found);
  }

  /** Where focus is expected at a site to come, or undefined where the plan is the best guess. */
  next(next: NextSite, timeMs: number): NextZ | undefined {
    const { channel, xUm = 0, yUm = 0, zUm } = next;
    const expected = this.#expected({ xUm, yUm, timeMs, channel }, this.#namesOf(next), zUm);
    if (expected === undefined || expected.name === "plan") return undefined;
    const basis = expected.name === "site" ? "site" : "surface";
    return { zUm: rounded(expected.zUm), sdUm: rounded(expected.sdUm), basis };
  }

  #record(found: FoundSite, isSearched: boolean, isAsPlanned: boolean): void {
    for (const name of PREDICTORS) {
      const predicted = this.#predict(name, found, found, found.plannedUm);
      if (predicted === undefined) continue;
      const misses = this.#misses.get(name)!;
      const missUm = Math.abs(predicted.zUm - found.zUm);
      // A site that was sharp at once lies anywhere within its level: that it was sharp there does not prove the guess.
      misses.push(Math.hypot(missUm, found.sdUm));
      if (misses.length > TRACK_RECORD) misses.shift();
    }
    // A site seen again that was sharp where its last visit had led to says nothing new: taken in, its drift would feed
    // on its own prediction.
    const isAgain = this.#found.some(({ key, channel }) => key === found.key && channel === found.channel);
    if (!isSearched && !isAsPlanned && isAgain) return;
    this.#found.push(isSearched ? found : { ...found, sdUm: UNSEARCHED_SD * found.sdUm });
    if (this.#found.length > MAX_FOUND) this.#found.shift();
    this.#surfaces = undefined;
  }

  /** By the way of predicting that was the least off on the last sites, the plan itself among them. */
  #expected(
    place: Place,
    names: KnownSite,
    plannedUm: number,
  ): { name: Predictor; zUm: number; sdUm: number } | undefined {
    if (this.#typicalMiss("plan") === undefined) {
      // Whoever gives a map has a reason to.
      const mapped = this.#predict("map", place, names, plannedUm);
      return mapped && { ...mapped, name: "map" };
    }
    const known = PREDICTORS.flatMap((name) => {
      const missUm = this.#typicalMiss(name);
      const predicted = missUm === undefined ? undefined : this.#predict(name, place, names, plannedUm);
      return predicted === undefined ? [] : [{ ...predicted, name, sdUm: Math.max(predicted.sdUm, missUm!) }];
    });
    return known.reduce((a, b) => (b.sdUm < a.sdUm ? b : a));
  }

  #namesOf(seen: FrameMessage | NextSite): KnownSite {
    return {
      key: this.#sites.keyOf(seen.site, seen),
      well: wellKeyOf(seen.site),
      mapped: this.#map?.at(seen),
    };
  }

  #typicalMiss(name: Predictor): number | undefined {
    const misses = this.#misses.get(name)!;
    return misses.length < MIN_TRACK_RECORD ? undefined : median(misses);
  }

  #predict(
    name: Predictor,
    place: Place,
    { key, well, mapped }: KnownSite,
    plannedUm: number,
  ): { zUm: number; sdUm: number } | undefined {
    if (name === "plan") return { zUm: plannedUm, sdUm: 0 };
    if (name === "map") return mapped && this.#asMapped(mapped);
    if (this.#found.length === 0) return undefined;
    this.#surfaces ??= surfacesOf(this.#found);
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
  #asMapped({ zUm, sdUm }: { zUm: number; sdUm: number }): { zUm: number; sdUm: number } {
    const off = this.#found.flatMap((found) =>
      found.mapped === undefined ? [] : [found.zUm - found.mapped.zUm],
    );
    const offUm = median(off.slice(-MAP_SITES));
    return offUm === undefined
      ? { zUm, sdUm: Math.hypot(sdUm, UNTRIED_MAP_SD_UM) }
      : { zUm: zUm + offUm, sdUm };
  }

  #contentFor(frame: FrameMessage, rules: ChannelRules, brightness: number | undefined): ContentPrior {
    return {
      umPerLevel: umPerLevelFor(rules, this.#settings.optics, frame),
      oversampling: oversamplingFor(rules, this.#settings.optics, frame),
      ...this.#contentOf(frame, rules).priorFor(wellKeyOf(frame.site), brightness),
    };
  }

  #contentOf(frame: FrameMessage, rules: ChannelRules): ContentMemory {
    const key = opticsKeyOf(frame);
    const known = this.#contents.get(key);
    if (known !== undefined) return known;
    const content = new ContentMemory(rules.umPerLevel === undefined ? SD_OF_OPTICS : SD_OF_GIVEN);
    this.#contents.set(key, content);
    return content;
  }

  #sideOf(channel: string | undefined): { positive: number; negative: number } {
    const preferred = this.#settings.firstSide === "positive";
    const [positive, negative] = preferred ? [0.55, 0.45] : [0.45, 0.55];
    return (
      this.#sides.get(channel ?? "") ?? { positive: SIDE_PRIOR * positive, negative: SIDE_PRIOR * negative }
    );
  }
}

/** Surfaces through the planes of focus, and through their distances from the planned z. */
function surfacesOf(found: readonly FoundSite[]): Record<"surface" | "aboutPlan", FocusSurface<FoundSite>> {
  return {
    surface: new FocusSurface(found),
    aboutPlan: new FocusSurface(found, { zOf: ({ zUm, plannedUm }) => zUm - plannedUm }),
  };
}

/** Optics may change within a session; what was learned with others does not count. */
function opticsKeyOf({ channel, optics, pixelUm }: FrameMessage): string {
  return JSON.stringify([channel, optics?.na, optics?.refractiveIndex, pixelUm]);
}

function wellKeyOf(site: Site): string | undefined {
  const well = wellNameOf(site);
  return well === undefined ? undefined : JSON.stringify([site.plate, well]);
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
