import { PATCH_PX } from "../frames/frame.js";
import type { Random } from "../optics/random.js";
import { deviationOf, processed, smoothed } from "./processing.js";

/**
 * Patches without structure as microscopes and programs make them: noise of any spectrum, uneven light, haze, the edge of a
 * well, speckle, before and after denoising. Nothing in them has a plane of focus, so every level is equally right.
 * @module
 */

const PIXELS = PATCH_PX * PATCH_PX;
/** Smoothing of the octaves that stationary noise is put together from, px. */
const OCTAVES_PX = [0, 0.7, 1.5, 3, 6, 12];

/** Camera counts of an empty patch, 84 x 84, 0 to 65535. */
export function emptyPatch(random: Random): Uint16Array {
  const base = random.logBetween(20, 4000);
  const light = new Float32Array(PIXELS).fill(1);
  if (random.uniform() < 0.4) multiply(light, slope(random));
  if (random.uniform() < 0.25) multiply(light, haze(random));
  if (random.uniform() < 0.15) multiply(light, edge(random));
  // From shot noise that drowns all of that to a hundredth of it: a shaded field that was averaged.
  const noise = random.logBetween(0.002, 0.3);
  const field = random.uniform() < 0.15 ? speckle(random) : stationaryNoise(random);
  let patch = Float32Array.from(light, (value, i) => base * (value + noise * field[i]!));
  if (random.uniform() < 0.3) patch = processed(patch, 4, random);
  return toCounts(patch);
}

/** Gaussian noise, mean 0, deviation 1, of a random spectrum: white, smoothed, or several octaves with random weights. */
function stationaryNoise(random: Random): Float32Array<ArrayBuffer> {
  const white = () => Float32Array.from({ length: PIXELS }, () => random.normal());
  const kind = random.uniform();
  if (kind < 0.35) return white();
  if (kind < 0.7) return scaled(smoothed(white(), random.logBetween(0.4, 12)));
  const sum = new Float32Array(PIXELS);
  for (const sigma of OCTAVES_PX) {
    const weight = random.logBetween(0.05, 1);
    const octave = scaled(sigma === 0 ? white() : smoothed(white(), sigma));
    for (let i = 0; i < PIXELS; i++) sum[i]! += weight * octave[i]!;
  }
  return scaled(sum);
}

/** Speckle of coherent light: the intensity of a smooth complex Gaussian field, mean 0, deviation 1. */
function speckle(random: Random): Float32Array<ArrayBuffer> {
  const sigma = random.logBetween(0.5, 4);
  const part = () =>
    smoothed(
      Float32Array.from({ length: PIXELS }, () => random.normal()),
      sigma,
    );
  const [real, imaginary] = [part(), part()];
  return scaled(Float32Array.from(real, (value, i) => value * value + imaginary[i]! * imaginary[i]!));
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
  const angle = random.between(0, 2 * Math.PI);
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)];
  const at = random.between(-0.4, 0.4);
  const bend = random.between(-0.3, 0.3);
  const softness = random.logBetween(0.02, 0.6);
  const dark = random.between(0.05, 0.8);
  return map((x, y) => {
    const [along, across] = [x * cosine + y * sine, y * cosine - x * sine];
    return dark + (1 - dark) / (1 + Math.exp(-(along - at + bend * across * across) / softness));
  });
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
