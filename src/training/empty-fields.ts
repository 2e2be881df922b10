import { PATCH_PX } from "../frames/frame.js";
import { Fft2d } from "../optics/fft-2d.js";
import type { Random } from "../optics/random.js";
import { deviationOf, processed } from "./processing.js";

/**
 * Patches without structure as microscopes and programs make them: noise of any spectrum, uneven light, haze, the edge of a
 * well, speckle, before and after denoising. Nothing in them has a plane of focus, so every level is equally right.
 * @module
 */

const PIXELS = PATCH_PX * PATCH_PX;
/** Grain is made on a larger canvas: smoothed up to the border of a patch it would have a border that no recording has. */
const CANVAS_PX = 128;
const CANVAS = new Fft2d(CANVAS_PX, CANVAS_PX);
/** Of each number of a spectrum of the canvas, cycles per px. */
const FREQUENCIES = Float64Array.from({ length: CANVAS_PX * CANVAS_PX }, (_, i) => {
  const along = (index: number) => (index < CANVAS_PX / 2 ? index : index - CANVAS_PX) / CANVAS_PX;
  return Math.hypot(along(i % CANVAS_PX), along(Math.floor(i / CANVAS_PX)));
});
/** What is not worth drawing a number for. */
const NO_AMPLITUDE = 1e-5;
/** The largest smoothing of a program after the camera, px. */
const MOST_SMOOTHING_PX = 1;

/** Camera counts of an empty patch, 84 x 84, 0 to 65535. */
export function emptyPatch(random: Random): Uint16Array {
  const base = random.logBetween(20, 4000);
  const light = new Float32Array(PIXELS).fill(1);
  if (random.uniform() < 0.4) multiply(light, slope(random));
  if (random.uniform() < 0.2) multiply(light, haze(random));
  if (random.uniform() < 0.2) multiply(light, edge(random));
  if (random.uniform() < 0.3) multiply(light, rim(random));
  const isCoherent = random.uniform() < 0.2;
  if (isCoherent) multiply(light, speckle(random));
  // From shot noise that drowns all of that to a hundredth of it: a shaded field that was averaged.
  const noise = random.logBetween(0.002, 0.3);
  const isWhite = isCoherent || random.uniform() < 0.45;
  const grain = isWhite ? white(random) : grainOf(spectrum(random), random)[0];
  let patch = Float32Array.from(light, (value, i) => base * (value + noise * grain[i]!));
  if (random.uniform() < 0.25) patch = processed(patch, MOST_SMOOTHING_PX, random);
  return toCounts(patch);
}

/** Amplitude by frequency, cycles per px. */
type Spectrum = (frequency: number) => number;

/** That of noise after smoothing, or of one or two sorts of grain, each with a power law up to where it ends. */
function spectrum(random: Random): Spectrum {
  if (random.uniform() < 0.4) return smoothing(random.logBetween(0.4, 12));
  const first = powerLaw(random);
  if (random.uniform() < 0.5) return first;
  const [second, share] = [powerLaw(random), random.logBetween(0.03, 1)];
  return (frequency) => first(frequency) + share * second(frequency);
}

function smoothing(sigmaPx: number): Spectrum {
  return (frequency) => Math.exp(-2 * (Math.PI * sigmaPx * frequency) ** 2);
}

function powerLaw(random: Random): Spectrum {
  const [power, end] = [random.between(0, 2.5), random.logBetween(0.015, 0.7)];
  return (frequency) => frequency ** -power * Math.exp(-((frequency / end) ** 2));
}

/** Gaussian field in which no pixel knows of another, mean 0, deviation 1. */
function white(random: Random): Float32Array {
  return Float32Array.from({ length: PIXELS }, () => random.normal());
}

/** Two independent Gaussian fields of a spectrum, 84 x 84, mean 0, deviation 1. */
function grainOf(amplitude: Spectrum, random: Random): [Float32Array, Float32Array] {
  const values = new Float64Array(2 * FREQUENCIES.length);
  for (let i = 0; i < FREQUENCIES.length; i++) {
    const frequency = FREQUENCIES[i]!;
    const factor = frequency === 0 ? 0 : amplitude(frequency);
    if (factor < NO_AMPLITUDE) continue;
    values[2 * i] = factor * random.normal();
    values[2 * i + 1] = factor * random.normal();
  }
  const field = new Float64Array(values.length);
  CANVAS.inverse(values, field);
  const part = (offset: number) =>
    scaled(
      Float32Array.from({ length: PIXELS }, (_, i) => {
        const [x, y] = [i % PATCH_PX, Math.floor(i / PATCH_PX)];
        return field[2 * (y * CANVAS_PX + x) + offset]!;
      }),
    );
  return [part(0), part(1)];
}

/** Speckle of coherent light, mean about 1: the intensity of a smooth complex Gaussian field, in part or alone. */
function speckle(random: Random): Float32Array<ArrayBuffer> {
  const [real, imaginary] = grainOf(smoothing(random.logBetween(0.5, 6)), random);
  const contrast = random.between(0.05, 1);
  return Float32Array.from(real, (value, i) => 1 + contrast * ((value ** 2 + imaginary[i]! ** 2) / 2 - 1));
}

function scaled(values: Float32Array): Float32Array<ArrayBuffer> {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const deviation = deviationOf(values) || 1;
  return values.map((value) => (value - mean) / deviation);
}

/** Light that falls off to one side, or to the rim of the field. */
function slope(random: Random): Float32Array<ArrayBuffer> {
  const [x1, y1, x2] = [random.between(-0.5, 0.5), random.between(-0.5, 0.5), random.between(-0.3, 0.3)];
  return map((x, y) => 1 + x1 * x + y1 * y + x2 * (x * x + y * y));
}

/** One to three wide clouds: stray light, structures far out of focus, the rim of a bubble. */
function haze(random: Random): Float32Array<ArrayBuffer> {
  const clouds = Array.from({ length: 1 + random.below(3) }, () => ({
    x: random.between(-1, 1),
    y: random.between(-1, 1),
    width: random.logBetween(0.4, 2),
    height: random.between(-0.5, 1.5),
  }));
  return map((x, y) =>
    Math.max(
      0.05,
      clouds.reduce(
        (sum, cloud) =>
          sum + cloud.height * Math.exp(-((x - cloud.x) ** 2 + (y - cloud.y) ** 2) / (2 * cloud.width ** 2)),
        1,
      ),
    ),
  );
}

/** The edge of a well or of the illuminated field: straight or curved, sharp to very soft. */
function edge(random: Random): Float32Array<ArrayBuffer> {
  const distance = bentLine(random, 0.4, 0.3);
  const softness = random.logBetween(0.02, 0.6);
  const dark = random.between(0.05, 0.8);
  return map((x, y) => dark + (1 - dark) / (1 + Math.exp(-distance(x, y) / softness)));
}

/** Part of the rim of a bubble or a drop: a bright or dark line, bent, fine to very soft. */
function rim(random: Random): Float32Array<ArrayBuffer> {
  const distance = bentLine(random, 0.6, 0.8);
  const width = random.logBetween(0.03, 0.5);
  const height = (random.uniform() < 0.5 ? 1 : -1) * random.between(0.15, 0.9);
  return map((x, y) => Math.max(0.05, 1 + height * Math.exp(-(distance(x, y) ** 2) / (2 * width * width))));
}

/**
 * Distance from a line in any direction, to one side positive; sides of a patch.
 * @param mostOff how far from the middle it may lie. @param mostBend and how far it may bend.
 */
function bentLine(random: Random, mostOff: number, mostBend: number): (x: number, y: number) => number {
  const angle = random.between(0, 2 * Math.PI);
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
  const at = random.between(-mostOff, mostOff);
  const bend = random.between(-mostBend, mostBend);
  return (x, y) => {
    const [along, across] = [x * cosine + y * sine, y * cosine - x * sine];
    return along - at + bend * across * across;
  };
}

/** Values of a function over the patch, x and y from -0.5 to 0.5. */
function map(at: (x: number, y: number) => number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: PIXELS }, (_, i) =>
    at((i % PATCH_PX) / PATCH_PX - 0.5, Math.floor(i / PATCH_PX) / PATCH_PX - 0.5),
  );
}

function multiply(target: Float32Array, factor: Float32Array): void {
  for (let i = 0; i < target.length; i++) target[i]! *= factor[i]!;
}

/** Rounded to what a 16-bit camera gives. */
export function toCounts(values: Float32Array): Uint16Array {
  return Uint16Array.from(values, (value) => Math.min(65535, Math.max(0, Math.round(value))));
}
