/**
 * The surface on which the sites of a run are in focus: tilt and bow of the plate, drift with time, an offset for each
 * channel. Fitted by weighted least squares with a prior on each coefficient (so that two sites already give an honest
 * prediction), and with weights that shrink for sites far off it (Cauchy), so that one that jumped does not bend it.
 * @module
 */
import { robustSd } from "../statistics.js";

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
/** Most rounds of that; it is over when no coefficient moves by more than this, um. */
const REWEIGHTINGS = 6;
const SETTLED_UM = 1e-3;
/** What an older site says grows less certain: um of standard deviation for each square root of a site since. */
const WANDER_UM = 0.2;

/** A surface through what was found. */
export class FocusSurface<T extends FoundFocus = FoundFocus> {
  readonly #found: readonly T[];
  readonly #terms: (place: Place) => Float64Array;
  readonly #fit: Fit;
  readonly #scatterUm: number;

  /**
   * @param found at least one, oldest first. @param options.wanderUm see `WANDER_UM`. @param options.zOf the height that the surface
   * is to have where a site was found, um: by default its plane of focus.
   */
  constructor(
    found: readonly T[],
    {
      wanderUm = WANDER_UM,
      zOf = ({ zUm }) => zUm,
    }: { readonly wanderUm?: number; readonly zOf?: (found: T) => number } = {},
  ) {
    this.#found = found;
    const channels = [...new Set(found.map(({ channel }) => channel))];
    this.#terms = termsOf(found, channels);
    const priorSd = [
      MEAN_SD_UM,
      ...Array<number>(3).fill(LINEAR_SD_UM),
      ...Array<number>(3).fill(QUADRATIC_SD_UM),
      ...channels.slice(1).map(() => CHANNEL_SD_UM),
    ];
    const rows = found.map(this.#terms);
    const heights = found.map(zOf);
    const meanUm = meanOf(heights);
    const z = Float64Array.from(heights, (zUm) => zUm - meanUm);
    const variances = Float64Array.from(
      found,
      ({ sdUm }, i) => Math.max(sdUm, MIN_SCATTER_UM) ** 2 + wanderUm ** 2 * (found.length - 1 - i),
    );
    const weights = variances.map((variance) => 1 / variance);
    let fit = solve(rows, z, weights, priorSd);
    for (let k = 0; k < REWEIGHTINGS; k++) {
      const residuals = misfitsOf(rows, z, fit);
      for (let i = 0; i < residuals.length; i++) residuals[i]! /= Math.sqrt(variances[i]!);
      const limit = CAUCHY * Math.max(1, robustSd(residuals));
      for (let i = 0; i < weights.length; i++) {
        weights[i] = 1 / (variances[i]! * (1 + (residuals[i]! / limit) ** 2));
      }
      const before = fit.coefficients;
      fit = solve(rows, z, weights, priorSd);
      if (fit.coefficients.every((value, i) => Math.abs(value - before[i]!) < SETTLED_UM)) break;
    }
    const misfits = misfitsOf(rows, z, fit);
    fit.coefficients[0]! += meanUm;
    this.#fit = fit;
    this.#scatterUm = Math.max(MIN_SCATTER_UM, found.length > 3 ? robustSd(misfits) : 1);
  }

  /** Plane of focus at a place and its standard deviation, um. */
  at(place: Place): { zUm: number; sdUm: number } {
    const row = this.#terms(place);
    const { coefficients, covariance } = this.#fit;
    let variance = this.#scatterUm ** 2;
    for (let i = 0; i < row.length; i++) variance += row[i]! * dot(covariance[i]!, row);
    return { zUm: dot(row, coefficients), sdUm: Math.sqrt(variance) };
  }

  /** Plane of focus at a place where it was found before, at another time or in another channel, um. */
  atAgain(place: Place, before: FoundFocus): { zUm: number; sdUm: number } {
    const shiftUm = this.#found.length > 1 ? this.at(place).zUm - this.at(before).zUm : 0;
    return { zUm: before.zUm + shiftUm, sdUm: Math.hypot(before.sdUm, this.#scatterUm) };
  }
}

interface Fit {
  readonly coefficients: Float64Array;
  readonly covariance: readonly Float64Array[];
}

/**
 * 1, x, y, t, x^2, xy, y^2 with coordinates from -1 to 1 over what was found, and one 0 or 1 for each further channel.
 * A channel that was not found anywhere counts as the first one.
 */
function termsOf(found: readonly FoundFocus[], channels: readonly (string | undefined)[]) {
  const [xUm, yUm, timeMs] = [
    found.map((place) => place.xUm),
    found.map((place) => place.yUm),
    found.map((place) => place.timeMs),
  ];
  const [x0, y0, t0] = [meanOf(xUm), meanOf(yUm), meanOf(timeMs)];
  // One scale for x and y: the surface bows alike both ways.
  const xySpan = Math.max(spanAbout(xUm, x0), spanAbout(yUm, y0)) || 1;
  const tSpan = spanAbout(timeMs, t0) || 1;
  return (place: Place): Float64Array => {
    const x = (place.xUm - x0) / xySpan;
    const y = (place.yUm - y0) / xySpan;
    const t = (place.timeMs - t0) / tSpan;
    const terms = new Float64Array(6 + channels.length);
    terms.set([1, x, y, t, x * x, x * y, y * y]);
    const channel = channels.indexOf(place.channel);
    if (channel > 0) terms[6 + channel] = 1;
    return terms;
  };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function spanAbout(values: readonly number[], centre: number): number {
  return values.reduce((span, value) => Math.max(span, Math.abs(value - centre)), 0);
}

/** Weighted least squares with a Gaussian prior of mean 0 on each coefficient. */
function solve(
  rows: readonly Float64Array[],
  z: Float64Array,
  weights: Float64Array,
  priorSd: readonly number[],
): Fit {
  const n = priorSd.length;
  const normal = priorSd.map((sd, i) => {
    const sums = new Float64Array(n);
    sums[i] = 1 / sd ** 2;
    return sums;
  });
  const right = new Float64Array(n);
  for (let k = 0; k < rows.length; k++) {
    const row = rows[k]!;
    for (let i = 0; i < n; i++) {
      const weighted = weights[k]! * row[i]!;
      right[i]! += weighted * z[k]!;
      const sums = normal[i]!;
      for (let j = 0; j <= i; j++) sums[j]! += weighted * row[j]!;
    }
  }
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) normal[j]![i] = normal[i]![j]!;
  const covariance = inverse(normal);
  return { coefficients: Float64Array.from(covariance, (row) => dot(row, right)), covariance };
}

/** What the surface leaves. */
function misfitsOf(rows: readonly Float64Array[], z: Float64Array, { coefficients }: Fit): Float64Array {
  const misfits = Float64Array.from(z);
  for (let i = 0; i < misfits.length; i++) misfits[i]! -= dot(rows[i]!, coefficients);
  return misfits;
}

/** Inverse of a symmetric positive definite matrix (Gauss-Jordan; the prior on the diagonal keeps it definite). */
function inverse(matrix: readonly Float64Array[]): Float64Array[] {
  const n = matrix.length;
  const rows = matrix.map((row, i) => {
    const both = new Float64Array(2 * n);
    both.set(row);
    both[n + i] = 1;
    return both;
  });
  for (let i = 0; i < n; i++) {
    const pivotRow = rows[i]!;
    const pivot = pivotRow[i]!;
    for (let j = 0; j < 2 * n; j++) pivotRow[j]! /= pivot;
    for (let k = 0; k < n; k++) {
      if (k === i) continue;
      const row = rows[k]!;
      const factor = row[i]!;
      for (let j = 0; j < 2 * n; j++) row[j]! -= factor * pivotRow[j]!;
    }
  }
  return rows.map((row) => row.slice(n));
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
