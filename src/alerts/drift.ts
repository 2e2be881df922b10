import { robustSd } from "../statistics.js";

/** Where focus was found at one site. */
export interface FocusPoint {
  /** Of the stage, um. */
  readonly xUm: number;
  readonly yUm: number;
  /** Distance of the plane of focus from where the plan had it, um. */
  readonly offsetUm: number;
  /** Any clock, h. */
  readonly hours: number;
}

export interface Drift {
  readonly umPerHour: number;
  readonly standardError: number;
}

/** Most rounds of weighting; it is over when the slope moves by less than this, in standard errors. */
const ROUNDS = 8;
const SETTLED = 1e-3;
/** Huber's limit, in robust standard deviations: 95 % as efficient as least squares on clean data. */
const HUBER = 1.345;
/** With less of time left once x and y have explained it, drift and tilt cannot be told apart. */
const MIN_OWN_SHARE = 0.02;
/** Scatter that is always assumed, um: a perfect fit would make the smallest slope certain. */
const MIN_SCATTER_UM = 0.05;

/**
 * How fast focus moves with time, beyond the shape of the plate: a quadratic surface in x and y plus a line in time, by
 * least squares with Huber's weights. Undefined where the path over the plate hides it: there, position and time go
 * hand in hand.
 */
export function driftOf(points: readonly FocusPoint[]): Drift | undefined {
  const xs = standardised(points.map(({ xUm }) => xUm));
  const ys = standardised(points.map(({ yUm }) => yUm));
  const first = points[0]!.hours;
  const times = points.map(({ hours }) => hours - first);
  const surface = points.map((_, i) => [1, xs[i]!, ys[i]!, xs[i]! ** 2, xs[i]! * ys[i]!, ys[i]! ** 2]);
  const offsets = points.map(({ offsetUm }) => offsetUm);
  let weights = points.map(() => 1);
  let result: Drift | undefined;
  for (let round = 0; round < ROUNDS; round++) {
    // Of time and offset only what the surface leaves (Frisch, Waugh and Lovell).
    const basis = basisOf(surface, weights);
    const time = without(times, basis, weights);
    const offset = without(offsets, basis, weights);
    const own = dot(time, time, weights);
    const all = variation(times, weights);
    if (!(own > MIN_OWN_SHARE * all)) return undefined;
    const slope = dot(time, offset, weights) / own;
    const left = offset.map((value, i) => value - slope * time[i]!);
    const scatter = Math.max(MIN_SCATTER_UM, robustSd(left));
    const standardError = scatter / Math.sqrt(own);
    const moved = Math.abs(slope - (result?.umPerHour ?? Number.POSITIVE_INFINITY));
    result = { umPerHour: slope, standardError };
    if (moved < SETTLED * standardError) break;
    weights = left.map((value) => Math.min(1, (HUBER * scatter) / Math.max(Math.abs(value), 1e-12)));
  }
  return result;
}

/** An orthogonal basis of the columns; those that add nothing are left out. */
function basisOf(rows: readonly number[][], weights: readonly number[]): number[][] {
  const basis: number[][] = [];
  for (let column = 0; column < rows[0]!.length; column++) {
    const own = rows.map((row) => row[column]!);
    const rest = without(own, basis, weights);
    if (dot(rest, rest, weights) > 1e-9 * (dot(own, own, weights) || 1)) basis.push(rest);
  }
  return basis;
}

/** What a weighted least-squares fit leaves of the values: less their parts along each vector of the basis (modified Gram-Schmidt). */
function without(
  values: readonly number[],
  basis: readonly number[][],
  weights: readonly number[],
): number[] {
  const rest = [...values];
  for (const vector of basis) {
    const share = dot(rest, vector, weights) / dot(vector, vector, weights);
    for (let i = 0; i < rest.length; i++) rest[i]! -= share * vector[i]!;
  }
  return rest;
}

function dot(a: readonly number[], b: readonly number[], weights: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += weights[i]! * a[i]! * b[i]!;
  return sum;
}

function variation(values: readonly number[], weights: readonly number[]): number {
  let [total, sum] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    total += weights[i]!;
    sum += weights[i]! * values[i]!;
  }
  const mean = sum / total;
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += weights[i]! * (values[i]! - mean) ** 2;
  return squares;
}

function standardised(values: readonly number[]): number[] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const scale =
    Math.sqrt(
      variation(
        values,
        values.map(() => 1),
      ) / values.length,
    ) || 1;
  return values.map((value) => (value - mean) / scale);
}
