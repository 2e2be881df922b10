/**
 * Measures what level a frame reads at a distance from focus, for src/refocus/level-response.ts, and how fineness falls there,
 * for src/refocus/detail-measures.ts:
 *   npx tsx scripts/measure-response.ts IMAGES... [--model NAME]
 * Defocuses in-focus images in half levels, as the simulated microscope shows them, and fits one curve to all: each image
 * has a squared blur of its own and a factor on its defocus. Prints the curve, the images, and the scatter about it.
 */
import { basename } from "node:path";
import { parseArgs } from "node:util";
import { Scorer } from "../src/focus/scorer.js";
import { findImages } from "../src/frames/find-images.js";
import { readFrames } from "../src/frames/read-frames.js";
import { DEFAULT_MICROSCOPE } from "../src/microscope/simulated-microscope.js";
import { Defocus, toFloat } from "../src/optics/defocus.js";
import { LEVEL_UM } from "../src/optics/point-spread-function.js";
import { Random } from "../src/optics/random.js";
import { expose } from "../src/optics/sensor.js";
import { median } from "../src/statistics.js";

const BLURS = [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9, 10];
const DEFOCUS = Array.from({ length: 19 }, (_, i) => i / 2);
const SQUARED_BLURS = Array.from({ length: 77 }, (_, i) => -3 + i / 4);
const FACTORS = Array.from({ length: 21 }, (_, i) => Math.exp((i - 10) / 40));
const ROUNDS = 12;
const MEDIAN_SQUARED_BLUR = 1.6;

interface Field {
  readonly file: string;
  readonly levels: readonly number[];
  /** Of each of `DEFOCUS`. */
  readonly finenesses: readonly number[];
  squaredBlur: number;
  factor: number;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { model: { type: "string", default: "default" } },
});
const scorer = await Scorer.load({ model: values.model, device: "cpu" });
const fields: Field[] = [];
for (const [index, path] of (await findImages(positionals)).entries()) {
  for await (const { frame } of readFrames(path)) {
    const random = Random.of(1, index);
    const zs = DEFOCUS.map((levels) => levels * LEVEL_UM);
    const levels: number[] = [];
    const finenesses: number[] = [];
    for (const light of new Defocus(frame.width, frame.height).applyMany(toFloat(frame), zs)) {
      const pixels = expose(light, DEFAULT_MICROSCOPE.sensor, random);
      const report = await scorer.score({ width: frame.width, height: frame.height, pixels });
      levels.push(report.expectedLevel);
      finenesses.push(report.fineness ?? Number.NaN);
    }
    fields.push({ file: basename(path), levels, finenesses, squaredBlur: 2, factor: 1 });
    break;
  }
}
await scorer.dispose();

let curve = BLURS.map((blur) => Math.max(0.25, Math.min(blur, 9.5)));
for (let round = 0; round < ROUNDS; round++) {
  for (const field of fields) settle(field);
  anchor(fields);
  curve = curveThrough(fields);
}
console.log("blur  level");
for (const [i, blur] of BLURS.entries())
  console.log(`${blur.toFixed(1).padStart(4)}  ${(curve[i] ?? 0).toFixed(2)}`);
console.log("\nsquared blur  factor  image");
for (const { file, squaredBlur, factor } of fields) {
  console.log(`${squaredBlur.toFixed(2).padStart(12)}  ${factor.toFixed(2).padStart(6)}  ${file}`);
}
console.log("\nlevel      scatter about the curve (1.48 times the median deviation)");
for (let low = 0; low < 10; low++) {
  const misses = fields.flatMap((field) =>
    field.levels
      .map((level, i) => ({ level, read: readingOf(field, DEFOCUS[i]!) }))
      .filter(({ read }) => read >= low && read < low + 1)
      .map(({ level, read }) => Math.abs(level - read)),
  );
  if (misses.length > 5)
    console.log(`${low} to ${low + 1}`.padEnd(11) + (1.48 * (median(misses) ?? 0)).toFixed(2));
}

console.log("\nin focus  falls by at one level  image (fineness)");
for (const { file, finenesses } of fields) {
  const [inFocus, , atOne] = finenesses as [number, number, number];
  console.log(`${inFocus.toFixed(2).padStart(8)}  ${(inFocus - atOne).toFixed(2).padStart(21)}  ${file}`);
}
console.log("\nlevels  fall of fineness over that at one level: median, scatter");
for (const [i, levels] of DEFOCUS.slice(0, 9).entries()) {
  const falls = fields.map(({ finenesses: f }) => (f[0]! - f[i]!) / (f[0]! - f[2]!));
  const usual = median(falls) ?? 0;
  const scatter = 1.48 * (median(falls.map((fall) => Math.abs(fall - usual))) ?? 0);
  console.log(`${levels.toFixed(1).padStart(6)}  ${usual.toFixed(2)}, ${scatter.toFixed(2)}`);
}

function blurOf({ squaredBlur, factor }: Field, defocus: number): number {
  return Math.sqrt(Math.max(0, (defocus * factor) ** 2 + squaredBlur));
}

function readingOf(field: Field, defocus: number): number {
  const blur = Math.min(blurOf(field, defocus), 9.999);
  const i = BLURS.findIndex((end) => blur < end);
  const share = (blur - BLURS[i - 1]!) / (BLURS[i]! - BLURS[i - 1]!);
  return curve[i - 1]! + share * (curve[i]! - curve[i - 1]!);
}

/** The blur and the factor with which the curve misses an image the least. */
function settle(field: Field): void {
  let least = Number.POSITIVE_INFINITY;
  let [bestBlur, bestFactor] = [0, 1];
  for (const squaredBlur of SQUARED_BLURS) {
    for (const factor of FACTORS) {
      const tried = { ...field, squaredBlur, factor };
      let sum = (Math.log(factor) / 0.1) ** 2;
      for (const [i, level] of field.levels.entries()) {
        sum += Math.min(9, ((level - readingOf(tried, DEFOCUS[i]!)) / (0.1 + 0.05 * level)) ** 2);
      }
      if (sum < least) [least, bestBlur, bestFactor] = [sum, squaredBlur, factor];
    }
  }
  [field.squaredBlur, field.factor] = [bestBlur, bestFactor];
}

/** A blur that all content had would be the same as a shifted curve: the median image sets where the curve begins. */
function anchor(all: readonly Field[]): void {
  const shift = MEDIAN_SQUARED_BLUR - (median(all.map(({ squaredBlur }) => squaredBlur)) ?? 0);
  for (const field of all) field.squaredBlur += shift;
}

/** At each blur, the median of what is read near it, never falling. */
function curveThrough(all: readonly Field[]): number[] {
  const points = all.flatMap((field) =>
    field.levels.map((level, i) => ({ blur: blurOf(field, DEFOCUS[i]!), level })),
  );
  let highest = 0;
  return BLURS.map((blur, i) => {
    const near = points
      .filter((point) => Math.abs(point.blur - blur) < 0.25)
      .map(({ level, blur: at }) => level - (at - blur));
    highest = Math.max(highest, (near.length > 2 ? median(near) : curve[i]) ?? 0);
    return highest;
  });
}
