/**
 * The surface on which the sites of a run are in focus: tilt and bow of the plate, drift with time, an offset for each
 * channel. Fitted by weighted least squares with a prior on each coefficient (so that two sites already give an honest
 * prediction), and with weights that shrink for sites far off it (Cauchy), so that one that jumped does not bend it.
 * @module
 */

/** Where and when focus was found. */
export interface FoundFocus {
  readonly xUm: number;
  readonly yUm: number;
  readonly timeMs: number;
  readonly channel: string | undefined;
  /** Plane of focus and its standard deviation, um. */
  readonly zUm: number;
  readonly sdUm: number;
}

export type Place = Pick<FoundFocus, "xUm" | "yUm" | "timeMs" | "channel">;

/** Prior standard deviations, um: of the mean, and of each term where its coordinate is largest. */
const MEAN_SD_UM = 1e4;
const LINEAR_SD_UM = 30;
const QUADRATIC_SD_UM = 15;
const CHANNEL_SD_UM = 5;
/** Least scatter of sites about the surface, um. */
const MIN_SCATTER_UM = 0.2;
/** A residual of this many scatters halves a site's weight (Cauchy: 95 % efficient for Gaussian errors). */
const CAUCHY = 2.385;
const REWEIGHTINGS = 6;
/** What an older site says grows less certain: um of standard deviation for each square root of a site since. */
const WANDER_UM = 0.2;

/** A surface through what was found, as seen from one place. */
export class FocusSurface {
  readonly #found: readonly FoundFocus[];
  readonly #terms: (place: Place) => number[];
  readonly #solution: Solution;
  readonly #scatterUm: number;

  /** @param found at least one, oldest first. @param from the place that will be asked for: coordinates are scaled about it. */
  constructor(found: readonly FoundFocus[], from: Place) {
    this.#found = found;
    const channels = [...new Set([...found.map(({ channel }) => channel), from.channel])];
    this.#terms = termsAbout(found, from, channels);
    const priorSd = [
      MEAN_SD_UM,
      ...Array<number>(3).fill(LINEAR_SD_UM),
      ...Array<number>(3).fill(QUADRATIC_SD_UM),
    ];
    priorSd.push(...channels.slice(1).map(() => CHANNEL_SD_UM));
    const rows = found.map(this.#terms);
    const meanUm = found.reduce((sum, { zUm }) => sum + zUm, 0) / found.length;
    const z = found.map(({ zUm }) => zUm - meanUm);
    const variances = found.map(
      ({ sdUm }, i) => Math.max(sdUm, MIN_SCATTER_UM) ** 2 + WANDER_UM ** 2 * (found.length - 1 - i),
    );
    let weights = variances.map((variance) => 1 / variance);
    let solution = solve(rows, z, weights, priorSd);
    for (let k = 0; k < REWEIGHTINGS; k++) {
      const residuals = z.map(
        (zi, i) => (zi - dot(rows[i]!, solution.coefficients)) / Math.sqrt(variances[i]!),
      );
      const scale = Math.max(1, 1.4826 * median(residuals.map(Math.abs)));
      weights = residuals.map((r, i) => 1 / (variances[i]! * (1 + (r / (CAUCHY * scale)) ** 2)));
      solution = solve(rows, z, weights, priorSd);
    }
    solution.coefficients[0]! += meanUm;
    this.#solution = solution;
    const misfits = found.map((f, i) => Math.abs(f.zUm - dot(rows[i]!, solution.coefficients)));
    this.#scatterUm = Math.max(MIN_SCATTER_UM, found.length > 3 ? 1.4826 * median(misfits) : 1);
  }

  /** Plane of focus at a place and its standard deviation, um. */
  at(place: Place): { zUm: number; sdUm: number } {
    const row = this.#terms(place);
    const { coefficients, covariance } = this.#solution;
    let variance = this.#scatterUm ** 2;
    for (const [i, a] of row.entries())
      for (const [j, b] of row.entries()) variance += a * b * covariance[i]![j]!;
    return { zUm: dot(row, coefficients), sdUm: Math.sqrt(variance) };
  }

  /** Plane of focus at a place where it was found before, at another time or in another channel, um. */
  atAgain(place: Place, before: FoundFocus): { zUm: number; sdUm: number } {
    const shiftUm = this.#found.length > 1 ? this.at(place).zUm - this.at(before).zUm : 0;
    return { zUm: before.zUm + shiftUm, sdUm: Math.hypot(before.sdUm, this.#scatterUm) };
  }
}

/** 1, x, y, t, x^2, xy, y^2 with coordinates from -1 to 1 about one place, and one 0 or 1 for each further channel. */
function termsAbout(found: readonly FoundFocus[], from: Place, channels: readonly (string | undefined)[]) {
  const reach = (value: (place: Place) => number) =>
    Math.max(...found.map((place) => Math.abs(value(place) - value(from)))) || 1;
  // One scale for x and y: the surface bows alike both ways.
  const xyUm = Math.max(
    reach((place) => place.xUm),
    reach((place) => place.yUm),
  );
  const spanMs = reach((place) => place.timeMs);
  return (place: Place): number[] => {
    const x = (place.xUm - from.xUm) / xyUm;
    const y = (place.yUm - from.yUm) / xyUm;
    const t = (place.timeMs - from.timeMs) / spanMs;
    return [1, x, y, t, x * x, x * y, y * y, ...channels.slice(1).map((c) => (c === place.channel ? 1 : 0))];
  };
}

interface Solution {
  readonly coefficients: number[];
  readonly covariance: readonly (readonly number[])[];
}

/** Weighted least squares with a Gaussian prior of mean 0 on each coefficient. */
function solve(rows: number[][], z: number[], weights: number[], priorSd: number[]): Solution {
  const n = priorSd.length;
  const normal = priorSd.map((sd, i) => priorSd.map((_, j) => (i === j ? 1 / sd ** 2 : 0)));
  const right = Array<number>(n).fill(0);
  for (const [k, row] of rows.entries()) {
    for (let i = 0; i < n; i++) {
      right[i]! += weights[k]! * row[i]! * z[k]!;
      for (let j = 0; j < n; j++) normal[i]![j]! += weights[k]! * row[i]! * row[j]!;
    }
  }
  const covariance = inverse(normal);
  return { coefficients: covariance.map((row) => dot(row, right)), covariance };
}

/** Inverse of a symmetric positive definite matrix (Gauss-Jordan; the prior on the diagonal keeps it definite). */
function inverse(matrix: readonly (readonly number[])[]): number[][] {
  const n = matrix.length;
  const rows = matrix.map((row, i) => [...row, ...row.map((_, j) => (i === j ? 1 : 0))]);
  for (let i = 0; i < n; i++) {
    const pivot = rows[i]![i]!;
    rows[i] = rows[i]!.map((value) => value / pivot);
    for (let k = 0; k < n; k++) {
      if (k === i) continue;
      const factor = rows[k]![i]!;
      rows[k] = rows[k]!.map((value, j) => value - factor * rows[i]![j]!);
    }
  }
  return rows.map((row) => row.slice(n));
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
