/** Lowest and highest z, um. */
export type ZRange = readonly [number, number];

/** Rounding of a drive's steps must not make a limit itself forbidden, um. */
const TOLERANCE_UM = 0.001;

/** Where the drive may go: inside all limits that are set, and no further from where it is than it may travel. */
export function allowedRange(
  zUm: number,
  maxTravelUm: number,
  ...limits: readonly (ZRange | undefined)[]
): ZRange {
  const set = limits.filter((limit): limit is ZRange => limit !== undefined);
  return [
    Math.max(zUm - maxTravelUm, ...set.map(([min]) => min)),
    Math.min(zUm + maxTravelUm, ...set.map(([, max]) => max)),
  ];
}

export function inside(zUm: number, [min, max]: ZRange): boolean {
  return zUm >= min - TOLERANCE_UM && zUm <= max + TOLERANCE_UM;
}

export function rangeText([min, max]: ZRange): string {
  return `${min.toFixed(2)} um to ${max.toFixed(2)} um`;
}
