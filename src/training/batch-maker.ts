import { LEVELS } from "../focus/levels.js";
import { PATCH_PX } from "../frames/frame.js";
import { Convolver } from "../optics/convolution.js";
import { KERNEL_PX } from "../optics/defocus-kernel.js";
import { Random } from "../optics/random.js";
import { expose } from "../optics/sensor.js";
import { type Blur, otherBlurs, wholeLevelBlurs } from "./blurs.js";
import { emptyPatch, toCounts } from "./empty-fields.js";
import { processed } from "./processing.js";
import type { Recipe } from "./recipe.js";
import { enlargedRegion, REGION_PX, regionOf, type SharedImage } from "./region.js";
import { spotsRegion } from "./spots.js";

export interface Batch {
  /** Camera counts, [batchSize, 84, 84, 1]. */
  readonly patches: Float32Array;
  /** True levels, [batchSize], 0 to 10; `NO_LEVEL` for a patch without structure. */
  readonly levels: Float32Array;
}

/** In place of the level of a patch in which nothing could be in focus or out of it. */
export const NO_LEVEL = -1;

const LEVELS_PER_PAIR = 2;
const LEVEL_DECK = Array.from({ length: LEVELS }, (_, level) => level);
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
        if (deck.length === 0) deck = random.shuffled(LEVEL_DECK);
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

  /** A random part of a random image, or spots; what lies beyond a small image is mirrored. */
  #region(random: Random): Float32Array {
    if (random.uniform() < this.#recipe.spotsShare) return spotsRegion(random);
    const draw = random.uniform() * this.#cumulativeWeights[this.#cumulativeWeights.length - 1]!;
    const image = this.#images[this.#cumulativeWeights.findIndex((sum) => draw < sum)]!;
    const { enlargedShare, enlargement } = this.#recipe;
    if (random.uniform() < enlargedShare)
      return enlargedRegion(image, random.logBetween(...enlargement), random);
    return regionOf(image, random);
  }
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
