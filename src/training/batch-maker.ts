import { LEVELS } from "../focus/report.js";
import { PATCH_PX } from "../frames/frame.js";
import { Convolver, mirrored } from "../optics/convolution.js";
import { KERNEL_PX } from "../optics/point-spread-function.js";
import { Random } from "../optics/random.js";
import { expose } from "../optics/sensor.js";
import { type Blur, otherBlurs, wholeLevelBlurs } from "./blurs.js";
import { emptyPatch, toCounts } from "./empty-fields.js";
import { processed } from "./processing.js";
import type { Recipe } from "./recipe.js";

/** An in-focus image in memory that threads can share. */
export interface SharedImage {
  readonly width: number;
  readonly height: number;
  readonly pixels: Uint16Array<SharedArrayBuffer>;
  /** How often it is drawn, relative to the others. */
  readonly weight: number;
}

export interface Batch {
  /** Camera counts, [batchSize, 84, 84, 1]. */
  readonly patches: Float32Array;
  /** True levels, [batchSize], 0 to 10; `NO_LEVEL` for a patch without structure. */
  readonly levels: Float32Array;
}

/** In place of the level of a patch in which nothing could be in focus or out of it. */
export const NO_LEVEL = -1;

/** Side of the region that is blurred at once, px: with the kernel's margin it fills one 256 x 256 transform. */
const REGION_PX = 256 - KERNEL_PX + 1;
const LEVELS_PER_PAIR = 2;
/** The largest smoothing that leaves the level of a patch as it was, px. */
const HARMLESS_SIGMA_PX = 0.6;

/** Makes batches of synthetically defocused patches; batch `index` is the same whoever makes it, and when. */
export class BatchMaker {
  readonly #images: readonly SharedImage[];
  readonly #cumulativeWeights: Float64Array;
  readonly #recipe: Recipe;
  readonly #seed: number;
  readonly #convolver = new Convolver(REGION_PX, REGION_PX, KERNEL_PX);
  readonly #wholeLevels: readonly Blur[];
  readonly #others: readonly Blur[];

  constructor(images: readonly SharedImage[], recipe: Recipe, seed: number) {
    this.#images = images;
    this.#recipe = recipe;
    this.#seed = seed;
    let sum = 0;
    this.#cumulativeWeights = Float64Array.from(images, ({ weight }) => (sum += weight));
    this.#wholeLevels = wholeLevelBlurs(this.#convolver);
    this.#others = otherBlurs(this.#convolver, recipe, new Random(seed));
  }

  make(index: number): Batch {
    const { batchSize, patchesPerRegion, wholeLevelShare, emptyShare } = this.#recipe;
    const random = Random.of(this.#seed, index);
    const batch = {
      patches: new Float32Array(batchSize * PATCH_PX * PATCH_PX),
      levels: new Float32Array(batchSize),
    };
    let filled = 0;
    const add = (level: number, patch: Uint16Array) => {
      batch.levels[filled] = level;
      batch.patches.set(patch, filled++ * PATCH_PX * PATCH_PX);
    };
    let deck: number[] = [];
    while (filled < batchSize) {
      const pair = [this.#region(random), this.#region(random)] as const;
      const spectrum = this.#convolver.spectrum(...pair);
      for (let i = 0; i < LEVELS_PER_PAIR; i++) {
        if (deck.length === 0) deck = shuffledLevels(random);
        const blur =
          random.uniform() < wholeLevelShare
            ? this.#wholeLevels[deck.pop()!]!
            : this.#others[random.below(this.#others.length)]!;
        // A camera in focus still has the focal spot's blur, or none worth the name if the image was binned.
        const sharp = blur.level === 0 && random.uniform() < 0.5;
        const blurred = sharp ? pair : this.#convolver.convolveBoth(spectrum, blur.transfer);
        for (const region of blurred) {
          const light = new Light(region, this.#recipe, random);
          for (let crop = 0; crop < patchesPerRegion && filled < batchSize; crop++) {
            if (random.uniform() < emptyShare) add(NO_LEVEL, emptyPatch(random));
            else add(blur.level, light.patch(random));
          }
        }
      }
    }
    return batch;
  }

  /** A random part of a random image; what lies beyond a small image is mirrored. */
  #region(random: Random): Float32Array {
    const draw = random.uniform() * this.#cumulativeWeights[this.#cumulativeWeights.length - 1]!;
    const image = this.#images[this.#cumulativeWeights.findIndex((sum) => draw < sum)]!;
    const { enlargedShare, enlargement } = this.#recipe;
    if (random.uniform() < enlargedShare) return enlarged(image, random.logBetween(...enlargement), random);
    const left = random.below(Math.max(1, image.width - REGION_PX + 1));
    const top = random.below(Math.max(1, image.height - REGION_PX + 1));
    const region = new Float32Array(REGION_PX * REGION_PX);
    for (let y = 0; y < REGION_PX; y++) {
      const row = mirrored(top + y, image.height) * image.width;
      for (let x = 0; x < REGION_PX; x++) {
        region[y * REGION_PX + x] = image.pixels[row + mirrored(left + x, image.width)]!;
      }
    }
    return region;
  }
}

/** A random part of an image shown `factor` times as large: cubic interpolation (Catmull-Rom) along rows, then columns. */
function enlarged(image: SharedImage, factor: number, random: Random): Float32Array {
  const span = REGION_PX / factor;
  const left = random.between(0, Math.max(0, image.width - span));
  const top = random.between(0, Math.max(0, image.height - span));
  const [columns, rows] = [cubicTaps(left, factor), cubicTaps(top, factor)];
  const sourceRows = rows[rows.length - 1]!.first + 4 - rows[0]!.first;
  const wide = new Float32Array(REGION_PX * sourceRows);
  for (let y = 0; y < sourceRows; y++) {
    const row = mirrored(rows[0]!.first + y, image.height) * image.width;
    for (let x = 0; x < REGION_PX; x++) {
      const { first, weights } = columns[x]!;
      let sum = 0;
      for (let k = 0; k < 4; k++) sum += weights[k]! * image.pixels[row + mirrored(first + k, image.width)]!;
      wide[y * REGION_PX + x] = sum;
    }
  }
  const region = new Float32Array(REGION_PX * REGION_PX);
  for (let y = 0; y < REGION_PX; y++) {
    const { first, weights } = rows[y]!;
    const source = (first - rows[0]!.first) * REGION_PX;
    for (let x = 0; x < REGION_PX; x++) {
      let sum = 0;
      for (let k = 0; k < 4; k++) sum += weights[k]! * wide[source + k * REGION_PX + x]!;
      region[y * REGION_PX + x] = Math.max(0, sum);
    }
  }
  return region;
}

/** For each pixel of a region's side: the first of the four source pixels it is made of, and their weights. */
function cubicTaps(start: number, factor: number): { first: number; weights: number[] }[] {
  return Array.from({ length: REGION_PX }, (_, i) => {
    const at = start + (i + 0.5) / factor - 0.5;
    const first = Math.floor(at) - 1;
    const t = at - first - 1;
    return {
      first,
      weights: [
        0.5 * t * (-1 + t * (2 - t)),
        0.5 * (2 + t * t * (-5 + 3 * t)),
        0.5 * t * (1 + t * (4 - 3 * t)),
        0.5 * t * t * (t - 1),
      ],
    };
  });
}

/** One blurred region under one light and one camera. */
class Light {
  readonly #region: Float32Array;
  readonly #recipe: Recipe;
  readonly #darkest: number;
  readonly #countsPerUnit: number;
  readonly #electronsPerCount: number;
  readonly #readNoiseCounts: number;
  readonly #background: number;
  /** Light that a stain absorbs at its brightest, as a power of e; 0 where structures give light. */
  readonly #density: number;
  readonly #span: number;
  /** Keeps a filled bit depth from saturating; images as published may. */
  readonly #highestGain: number;

  constructor(region: Float32Array, recipe: Recipe, random: Random) {
    this.#region = region;
    this.#recipe = recipe;
    const { darkest, brightest } = extent(region);
    const contrast = Math.max(brightest - darkest, 1);
    const asPublished = random.uniform() < recipe.asPublishedShare;
    const bits = recipe.bitDepths[random.below(recipe.bitDepths.length)]!;
    const span = asPublished
      ? contrast * random.logBetween(...recipe.exposure)
      : (2 ** bits - 1) * random.logBetween(...recipe.fill);
    this.#darkest = darkest;
    this.#countsPerUnit = span / contrast;
    const noiseFree = random.uniform() < recipe.noiseFreeShare;
    this.#electronsPerCount = noiseFree
      ? Number.POSITIVE_INFINITY
      : random.logBetween(...recipe.peakElectrons) / span;
    this.#readNoiseCounts = random.between(...recipe.readNoiseElectrons) / this.#electronsPerCount;
    this.#highestGain = asPublished ? Number.POSITIVE_INFINITY : 65535 / span;
    this.#span = span;
    this.#density =
      random.uniform() < recipe.absorbingShare ? Math.LN10 * random.between(...recipe.density) : 0;
    this.#background = span * random.between(...recipe.background);
  }

  patch(random: Random): Uint16Array {
    const { gain, offsetCounts, unevenShare, unevenSlope, hotPixelShare, processedShare } = this.#recipe;
    const [left, top] = this.#corner(random);
    const uneven = random.uniform() < unevenShare ? unevenSlope : 0;
    const [slopeX, slopeY] = [random.between(-uneven, uneven), random.between(-uneven, uneven)];
    const { start, stepX, stepY } = turned(left, top, random);
    const signal = new Float32Array(PATCH_PX * PATCH_PX);
    for (let y = 0, target = 0; y < PATCH_PX; y++) {
      let source = start + y * stepY;
      const lightOfRow = 1 + slopeY * (y / PATCH_PX - 0.5) - slopeX * 0.5;
      for (let x = 0; x < PATCH_PX; x++, source += stepX, target++) {
        const structure = this.#brightness((this.#region[source]! - this.#darkest) * this.#countsPerUnit);
        signal[target] = (structure + this.#background) * (lightOfRow + (slopeX * x) / PATCH_PX);
      }
    }
    const drawnGain = Math.min(random.logBetween(...gain), this.#highestGain);
    const sensor = {
      electronsPerCount: this.#electronsPerCount,
      readNoiseCounts: this.#readNoiseCounts * drawnGain,
      exposure: 1,
      gain: drawnGain,
      offsetCounts: random.logBetween(...offsetCounts),
      maxCount: 65535,
    };
    const counts = expose(signal, sensor, random);
    if (random.uniform() < hotPixelShare) addHotPixels(counts, random);
    if (random.uniform() >= processedShare) return counts;
    return toCounts(processed(Float32Array.from(counts), HARMLESS_SIGMA_PX, random));
  }

  /** Counts of a structure that gives so much light, or takes it away. */
  #brightness(structure: number): number {
    if (this.#density === 0) return structure;
    return this.#span * Math.exp((-this.#density * structure) / this.#span);
  }

  /** Upper left corner of a patch: anywhere, or where most is to be seen of three tries. */
  #corner(random: Random): [number, number] {
    const tries = random.uniform() < this.#recipe.anywhereShare ? 1 : 3;
    let best: [number, number] = [0, 0];
    let liveliest = -1;
    for (let i = 0; i < tries; i++) {
      const corner: [number, number] = [
        random.below(REGION_PX - PATCH_PX + 1),
        random.below(REGION_PX - PATCH_PX + 1),
      ];
      const variance = tries === 1 ? 0 : this.#variance(...corner);
      if (variance > liveliest) [liveliest, best] = [variance, corner];
    }
    return best;
  }

  /** Variance of every third pixel of the patch at a corner. */
  #variance(left: number, top: number): number {
    let [count, sum, squares] = [0, 0, 0];
    for (let y = top; y < top + PATCH_PX; y += 3) {
      for (let x = left; x < left + PATCH_PX; x += 3) {
        const value = this.#region[y * REGION_PX + x]! - this.#darkest;
        count++;
        sum += value;
        squares += value * value;
      }
    }
    return squares / count - (sum / count) ** 2;
  }
}

/** One to six pixels far above the others, as worn or warm sensors have them. */
function addHotPixels(counts: Uint16Array, random: Random): void {
  const highest = counts.reduce((most, count) => Math.max(most, count), 1);
  for (let left = 1 + random.below(6); left > 0; left--) {
    counts[random.below(counts.length)] = Math.min(65535, Math.round(highest * random.logBetween(1, 4)));
  }
}

/** One of the eight ways to lay a patch: where in the region it starts, and the steps to the next pixel and row. */
function turned(left: number, top: number, random: Random): { start: number; stepX: number; stepY: number } {
  const [signX, signY] = [random.uniform() < 0.5 ? 1 : -1, random.uniform() < 0.5 ? 1 : -1];
  const firstX = signX > 0 ? left : left + PATCH_PX - 1;
  const firstY = signY > 0 ? top : top + PATCH_PX - 1;
  const [along, down] = [signX, signY * REGION_PX];
  const start = firstY * REGION_PX + firstX;
  return random.uniform() < 0.5 ? { start, stepX: along, stepY: down } : { start, stepX: down, stepY: along };
}

/** Lowest value, and the value that one pixel in 200 exceeds. */
function extent(region: Float32Array): { darkest: number; brightest: number } {
  const sample = Float32Array.from(
    { length: Math.ceil(region.length / 29) },
    (_, i) => region[i * 29]!,
  ).sort();
  return { darkest: sample[0]!, brightest: sample[Math.floor(sample.length * 0.995)]! };
}

function shuffledLevels(random: Random): number[] {
  const levels = Array.from({ length: LEVELS }, (_, level) => level);
  for (let i = levels.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [levels[i], levels[j]] = [levels[j]!, levels[i]!];
  }
  return levels;
}
