import { stringify } from "csv-stringify/sync";
import { wellOf } from "../frames/wells.js";
import type { LedgerEntry } from "../records/site-ledger.js";
import { FocusSurface, type FoundFocus } from "../refocus/focus-surface.js";

/** What a focus map is written as. */
export const MAP_FORMATS = ["points", "grid", "squid"] as const;
export type MapFormat = (typeof MAP_FORMATS)[number];

/** Points of a grid along its longer side. */
const GRID_POINTS = 11;

/** Where a site of a run was in focus. */
interface FocusPoint extends FoundFocus {
  readonly channel: string;
  /** Well of the site, else its name. */
  readonly region: string;
  /** When it was found, ms since 1970 UTC. */
  readonly foundMs: number;
}

/**
 * Where the sites of runs were in focus at their last time point, and the surface through them. Drift is no part of it: in one
 * pass over a plate it cannot be told from tilt.
 */
export class FocusMap {
  readonly #points: readonly FocusPoint[];
  readonly #surface: FocusSurface | undefined;

  /** @param sites of which those count that ended in focus, at a known x, y and z. */
  constructor(sites: Iterable<LedgerEntry>) {
    const points = [...sites].flatMap(pointOf).sort((a, b) => a.foundMs - b.foundMs);
    this.#points = [...new Map(points.map((point) => [placeKey(point), point])).values()];
    this.#surface = this.#points.length === 0 ? undefined : new FocusSurface(this.#points);
  }

  /** Sites, each channel, that it is made from. */
  get size(): number {
    return this.#points.length;
  }

  get channels(): string[] {
    return [...new Set(this.#points.map(({ channel }) => channel))];
  }

  /**
   * The map as a table. `points`: a row a site, with its distance from the surface and what the channel and the region are off
   * it. `grid`: the surface of each channel on a grid over the sites. `squid`: the points of one channel as the software of
   * Squid microscopes imports them.
   * @param channel of `squid`; by default the first.
   */
  csv(format: MapFormat, channel: string | undefined = this.#points[0]?.channel): string {
    if (format === "grid") return this.#grid();
    return format === "points" ? this.#table() : this.#squid(channel);
  }

  #table(): string {
    const surface = this.#surface;
    const first = this.#points[0]?.channel;
    const rows = this.#points.map((point) => {
      const { region, channel, xUm: x_um, yUm: y_um, zUm: z_um, foundMs } = point;
      const surfaceUm = surface!.at(point).zUm;
      const inRegion = this.#points.filter((other) => other.region === region && other.channel === channel);
      const offUm = inRegion.map((other) => other.zUm - surface!.at(other).zUm);
      return {
        ...{ region, channel, x_um, y_um, z_um, surface_um: rounded(surfaceUm) },
        channel_offset_um: rounded(surfaceUm - surface!.at({ ...point, channel: first }).zUm),
        region_offset_um: rounded(offUm.reduce((sum, um) => sum + um, 0) / offUm.length),
        time: new Date(foundMs).toISOString(),
      };
    });
    const columns = ["region", "channel", "x_um", "y_um", "z_um", "surface_um", "channel_offset_um"];
    return table(rows, [...columns, "region_offset_um", "time"]);
  }

  #grid(): string {
    const [xs, ys] = [this.#points.map(({ xUm }) => xUm), this.#points.map(({ yUm }) => yUm)];
    const stepUm = Math.max(spanOf(xs), spanOf(ys)) / (GRID_POINTS - 1);
    const rows = this.channels.flatMap((channel) =>
      gridOver(ys, stepUm).flatMap((yUm) =>
        gridOver(xs, stepUm).map((xUm) => {
          const { zUm, sdUm } = this.#surface!.at({ xUm, yUm, timeMs: 0, channel });
          return {
            channel,
            x_um: rounded(xUm),
            y_um: rounded(yUm),
            z_um: rounded(zUm),
            sd_um: rounded(sdUm),
          };
        }),
      ),
    );
    return table(rows, ["channel", "x_um", "y_um", "z_um", "sd_um"]);
  }

  #squid(channel: string | undefined): string {
    const rows = this.#points
      .filter((point) => point.channel === channel)
      .map(({ region: Region_ID, xUm, yUm, zUm: Z_um }) => ({
        ...{ Region_ID, X_mm: xUm / 1000, Y_mm: yUm / 1000, Z_um },
      }));
    return table(rows, ["Region_ID", "X_mm", "Y_mm", "Z_um"]);
  }
}

function pointOf({ site, state }: LedgerEntry): FocusPoint[] {
  const { xUm, yUm } = site;
  const { channel, status, zUm, kept } = state;
  if (status !== "sharp" || kept === undefined) return [];
  if (xUm === undefined || yUm === undefined || zUm === undefined) return [];
  const region = wellOf(site)?.name ?? site.name;
  // How far the sites scatter, the surface finds out by itself.
  return [{ region, channel, xUm, yUm, zUm, sdUm: 0, timeMs: 0, foundMs: kept.ms }];
}

function placeKey({ region, channel, xUm, yUm }: FocusPoint): string {
  return JSON.stringify([region, channel, xUm, yUm]);
}

function table(rows: readonly object[], columns: readonly string[]): string {
  return stringify([...rows], { escape_formulas: true, header: true, columns: [...columns] });
}

function spanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : Math.max(...values) - Math.min(...values);
}

/** From the least to the greatest, evenly, at most so far apart. */
function gridOver(values: readonly number[], stepUm: number): number[] {
  const low = Math.min(...values);
  const steps = stepUm === 0 ? 0 : Math.ceil(spanOf(values) / stepUm - 1e-9);
  return Array.from({ length: steps + 1 }, (_, i) =>
    steps === 0 ? low : low + (spanOf(values) * i) / steps,
  );
}

function rounded(um: number): number {
  return Math.round(um * 1000) / 1000;
}
