import { parseWell, type SiteOnPlate, wellNameOf } from "../frames/wells.js";
import { FocusSurface } from "./focus-surface.js";

/** A place of a focus map, and where it is in focus. */
export interface MapPoint {
  readonly xUm: number;
  readonly yUm: number;
  /** Plane of focus and its standard deviation, um. */
  readonly zUm: number;
  readonly sdUm: number;
  readonly channel: string | undefined;
  /** Well, or name of a site. */
  readonly region: string | undefined;
}

/** A place of which a map is asked. Without x and y it says nothing. */
export interface AskedPlace {
  readonly xUm?: number | undefined;
  readonly yUm?: number | undefined;
  readonly channel?: string | undefined;
  readonly site: SiteOnPlate;
}

/**
 * Where a plate is in focus as it was measured before: the surface through the points of a map, with an offset for each channel,
 * and what a region that has points of its own is off it.
 */
export class KnownFocus {
  readonly #surface: FocusSurface;
  /** By channel and region, um. */
  readonly #offsets = new Map<string, number>();

  /** @param points at least one. */
  constructor(points: readonly MapPoint[]) {
    // Measured at one time, as far as anybody knows.
    const found = points.map((point) => ({ ...point, timeMs: 0 }));
    this.#surface = new FocusSurface(found, { wanderUm: 0 });
    const off = new Map<string, number[]>();
    for (const point of found) {
      if (point.region === undefined) continue;
      // A region may be a well, however it is spelt, or a site.
      for (const region of new Set([point.region, parseWell(point.region)?.name ?? point.region])) {
        const key = keyOf(point.channel, region);
        off.set(key, [...(off.get(key) ?? []), point.zUm - this.#surface.at(point).zUm]);
      }
    }
    for (const [key, um] of off) this.#offsets.set(key, um.reduce((sum, part) => sum + part, 0) / um.length);
  }

  /** Plane of focus at a place and its standard deviation, um. */
  at({ xUm, yUm, channel, site }: AskedPlace): { zUm: number; sdUm: number } | undefined {
    if (xUm === undefined || yUm === undefined) return undefined;
    const { zUm, sdUm } = this.#surface.at({ xUm, yUm, channel, timeMs: 0 });
    const offUm = [wellNameOf(site), site.name]
      .filter((region) => region !== undefined)
      .flatMap(
        (region) =>
          this.#offsets.get(keyOf(channel, region)) ?? this.#offsets.get(keyOf(undefined, region)) ?? [],
      );
    return { zUm: zUm + (offUm[0] ?? 0), sdUm };
  }
}

function keyOf(channel: string | undefined, region: string): string {
  return JSON.stringify([channel, region]);
}
