/**
 * How probable a level is at each distance from focus, looked up in steps: a belief asks for it a hundred thousand times.
 * @module
 */
import { CONTENTS, type Content, likelihoodOf, RISE_WIDTH, readingAt } from "./level-response.js";

/** So many steps a level; they end where all is equally lost. */
const STEPS_PER_LEVEL = 50;
const LAST_STEP = 30 * STEPS_PER_LEVEL;

/** For each of `CONTENTS`, the step of what is read at each step of defocus. */
const READINGS = CONTENTS.map((content) =>
  Uint16Array.from(perStep((defocus) => stepOf(readingOf(content, defocus)))),
);

/** For each of `CONTENTS`, how probable a level is at each step of defocus. @param sd of the level, levels. */
export function likelihoodsOf(level: number, sd: number): Float64Array[] {
  const atReading = perStep((reading) => likelihoodOf(level, sd, reading));
  return READINGS.map((readings) => lookedUp(atReading, readings));
}

/** The step of defocus of a frame at `zUm`, for each plane of focus. */
export function stepsOver(focusUm: readonly number[], zUm: number, umPerLevel: number): Uint16Array {
  const steps = new Uint16Array(focusUm.length);
  for (let i = 0; i < steps.length; i++) steps[i] = stepOf(Math.abs(focusUm[i]! - zUm) / umPerLevel);
  return steps;
}

/** What content reads so many levels from its plane of focus. */
function readingOf({ curve, squaredBlur, rise }: Content, defocus: number): number {
  const blur = Math.sqrt(Math.max(0, defocus ** 2 + squaredBlur));
  return readingAt(curve, blur) + rise * Math.exp(-((defocus / RISE_WIDTH) ** 2));
}

function stepOf(levels: number): number {
  return Math.min(LAST_STEP, Math.floor(levels * STEPS_PER_LEVEL));
}

function perStep(f: (levels: number) => number): Float64Array {
  const values = new Float64Array(LAST_STEP + 1);
  for (let i = 0; i < values.length; i++) values[i] = f((i + 0.5) / STEPS_PER_LEVEL);
  return values;
}

function lookedUp(table: Float64Array, steps: Uint16Array): Float64Array {
  const values = new Float64Array(steps.length);
  for (let i = 0; i < steps.length; i++) values[i] = table[steps[i]!]!;
  return values;
}
