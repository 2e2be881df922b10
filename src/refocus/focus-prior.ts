/**
 * What is believed of a site before its first frame: where focus may lie, and how many um make one level.
 * @module
 */

import { normalised } from "../statistics.js";
import type { DetailWeights } from "./detail.js";

/** What is believed of the content of a site, and of the optics. */
export interface ContentPrior {
  /** Defocus per level as the optics have it, um. */
  readonly umPerLevel: number;
  /**
   * How much finer the frames are sampled as they are judged than the stated optics want, as far as these are true. A level
   * at the coarser sampling is so many of theirs, and as near to focus as a frame has to be.
   * @default 1
   */
  readonly oversampling?: number;
  /** Weight of each of `SCALES`: the real um per level over that of the optics. */
  readonly scales: readonly number[];
  /** Weight of each of `CONTENTS`. */
  readonly contents: readonly number[];
  /** Share of the frames in focus that are unsure of their level, 0 to 1: see `unsurenessOf`. @default that of most content */
  readonly unsureNear?: number;
  /** Weights of `FINENESS` and of `CONTRAST`. @default anything */
  readonly fineness?: DetailWeights;
  readonly contrast?: DetailWeights;
}

/** What is believed of the place. */
export interface PlacePrior {
  /** Probability that focus lies at larger z than the first frame, 0 to 1. */
  readonly positive: number;
  /** Where the neighbouring sites say that focus is, um. */
  readonly expected?: { readonly zUm: number; readonly sdUm: number } | undefined;
}

/** What is believed before the first frame of a site. */
export type FocusPrior = ContentPrior & PlacePrior;

/** Real um per level over the one that the optics give, as far as it may be off. */
export const SCALES: readonly number[] = Array.from({ length: 37 }, (_, i) => 3 ** ((i - 18) / 18));
/** Focus is looked for this many levels around the frames, finely enough to tell a quarter of a level. */
const WINDOW_LEVELS = 18;
const STEP_LEVELS = 0.25;
const MAX_POINTS = 1200;
/** How far focus usually is from where a site was planned, levels; decides only where the levels are saturated. */
const USUAL_LEVELS = 8.5;
/** The expectation of the neighbouring sites: its weight, that of one three times as wide; the rest is without it. */
const EXPECTED_WEIGHT = 0.55;
const WIDE_WEIGHT = 0.3;
const WIDE = 3;

/** Weights of `SCALES` for optics that are known to about `sd` (standard deviation of the logarithm). */
export function scalesAround(sd: number): number[] {
  return normalised(SCALES.map((scale) => Math.exp(-0.5 * (Math.log(scale) / sd) ** 2)));
}

/** Mean of `SCALES` with these weights (of the logarithm). */
export function meanScale(weights: readonly number[]): number {
  return Math.exp(weights.reduce((sum, weight, s) => sum + weight * Math.log(SCALES[s]!), 0));
}

/** Planes of focus around those of the frames, um, evenly spaced. */
export function gridAround(framesUm: readonly number[], umPerLevel: number): number[] {
  const low = Math.min(...framesUm) - WINDOW_LEVELS * umPerLevel;
  const high = Math.max(...framesUm) + WINDOW_LEVELS * umPerLevel;
  const points = Math.min(MAX_POINTS, Math.ceil((high - low) / (STEP_LEVELS * umPerLevel)) + 1);
  return Array.from({ length: points }, (_, i) => low + ((high - low) * i) / (points - 1));
}

/** Probability of each z of the grid by what the neighbouring sites say, if they do: two Gaussians of one half each. */
export function expectationOver(
  grid: readonly number[],
  umPerLevel: number,
  { expected }: PlacePrior,
): number[] | undefined {
  if (expected === undefined) return undefined;
  const sdUm = Math.max(expected.sdUm, umPerLevel / 4);
  const near = gaussianOver(grid, expected.zUm, sdUm);
  const wide = gaussianOver(grid, expected.zUm, WIDE * sdUm);
  return grid.map((_, i) => EXPECTED_WEIGHT * near[i]! + WIDE_WEIGHT * wide[i]!);
}

function gaussianOver(grid: readonly number[], zUm: number, sdUm: number): number[] {
  const density = grid.map((z) => Math.exp(-0.5 * ((z - zUm) / sdUm) ** 2));
  const mass = density.reduce((sum, p) => sum + p, 0);
  return mass > 0 ? density.map((p) => p / mass) : density;
}

/**
 * Probability of each z of the grid before the first level is seen. Its width goes with the um per level, so that a first
 * level says nothing about these: that a frame is sharp must not mean that they are large.
 */
export function priorOver(
  grid: readonly number[],
  firstUm: number,
  umPerLevel: number,
  positive: number,
  near: readonly number[] | undefined,
): Float64Array {
  const widthUm = USUAL_LEVELS * umPerLevel;
  const stepUm = grid[1]! - grid[0]!;
  const density = new Float64Array(grid.length);
  for (let i = 0; i < grid.length; i++) {
    const side = grid[i]! >= firstUm ? positive : 1 - positive;
    const offUm = grid[i]! - firstUm;
    const broad = (side * stepUm * Math.exp(-0.5 * (offUm / widthUm) ** 2)) / widthUm;
    density[i] = near === undefined ? broad : (1 - EXPECTED_WEIGHT - WIDE_WEIGHT) * broad + near[i]!;
  }
  return density;
}
