import { afterEach, describe, expect, it } from "vitest";
import { TrainingError } from "../../src/errors.js";
import { spearman } from "../../src/evaluation/metrics.js";
import { PATCH_PX } from "../../src/frames/frame.js";
import { type Batch, BatchMaker, NO_LEVEL } from "../../src/training/batch-maker.js";
import { BatchStream } from "../../src/training/batch-stream.js";
import { DEFAULT_RECIPE, type Recipe } from "../../src/training/recipe.js";
import { sharedSpots } from "../helpers/images.js";

const images = [sharedSpots(260, 240, 1), sharedSpots(150, 210, 2)];
const recipe: Recipe = { ...DEFAULT_RECIPE, batchSize: 16, otherBlurs: 4 };

const streams: BatchStream[] = [];
function streamOf(threads: number, first = 0, from = images): BatchStream {
  const stream = new BatchStream({ images: from, recipe, seed: 3, threads, ahead: 4, first });
  streams.push(stream);
  stream.start();
  return stream;
}

async function take(stream: BatchStream, count: number): Promise<Batch[]> {
  const batches: Batch[] = [];
  while (batches.length < count) batches.push(await stream.next());
  return batches;
}

afterEach(async () => {
  for (const stream of streams.splice(0)) await stream.stop();
});

// 2 levels for every 2 regions, 1 crop each: 44 patches take two decks of the 11 levels.
const everyLevel: Recipe = {
  ...recipe,
  batchSize: 44,
  patchesPerRegion: 1,
  wholeLevelShare: 1,
  emptyShare: 0,
  enlargedShare: 0,
  absorbingShare: 0,
};

describe("BatchMaker", () => {
  it("makes batch i the same again, after other batches and in another maker", () => {
    const maker = new BatchMaker(images, recipe, 3);
    const first = maker.make(5);
    maker.make(0);
    expect(maker.make(5)).toEqual(first);
    expect(new BatchMaker(images, recipe, 3).make(5)).toEqual(first);
  });

  it("makes other patches for another index and for another seed", () => {
    const maker = new BatchMaker(images, recipe, 3);
    expect(maker.make(1).patches).not.toEqual(maker.make(0).patches);
    expect(new BatchMaker(images, recipe, 4).make(0).patches).not.toEqual(maker.make(0).patches);
  });

  it("gives whole camera counts of 16 bits, and in 44 patches every level four times", () => {
    const { levels, patches } = new BatchMaker(images, everyLevel, 1).make(0);
    expect(patches.length).toBe(44 * PATCH_PX * PATCH_PX);
    expect(patches.every((count) => Number.isInteger(count) && count >= 0 && count <= 65_535)).toBe(true);
    const sorted = [...levels].sort((a, b) => a - b);
    expect(sorted).toEqual(Array.from({ length: 44 }, (_, i) => Math.floor(i / 4)));
  });

  it("blurs more at a higher level: contrast between neighbours falls with the level (Spearman below -0.8)", () => {
    const clean: Recipe = {
      ...everyLevel,
      noiseFreeShare: 1,
      asPublishedShare: 0,
      fill: [0.5, 0.5],
      bitDepths: [16],
      gain: [1, 1],
      unevenShare: 0,
      processedShare: 0,
      hotPixelShare: 0,
    };
    const { levels, patches } = new BatchMaker(images, clean, 2).make(0);
    const size = PATCH_PX * PATCH_PX;
    const contrasts = [...levels].map((_, i) =>
      neighbourContrast(patches.subarray(i * size, (i + 1) * size)),
    );
    expect(spearman([...levels], contrasts)).toBeLessThan(-0.8);
  });
});

describe("what else a batch holds", () => {
  it("has levels between the whole ones, by other optics, from 0 to 10", () => {
    const others: Recipe = { ...recipe, batchSize: 128, wholeLevelShare: 0, emptyShare: 0, otherBlurs: 32 };
    const levels = [...new BatchMaker(images, others, 1).make(0).levels];
    expect(levels.every((level) => level >= 0 && level <= 10)).toBe(true);
    expect(levels.filter((level) => !Number.isInteger(level)).length).toBe(128);
    expect(Math.max(...levels)).toBeGreaterThan(5);
    expect(Math.min(...levels)).toBeLessThan(1);
  });

  it("has patches without a level, as many as the recipe says", () => {
    const { levels } = new BatchMaker(images, { ...recipe, batchSize: 320, emptyShare: 0.25 }, 1).make(0);
    const empty = levels.filter((level) => level === NO_LEVEL).length;
    expect(empty).toBeGreaterThan(50);
    expect(empty).toBeLessThan(110);
  });

  it("has beads, as many as the recipe says, that no image shows", () => {
    const spots: Recipe = {
      ...everyLevel,
      spotsShare: 1,
      noiseFreeShare: 1,
      background: [0, 0],
      offsetCounts: [1, 1],
    };
    const [withSpots, without] = [1, 0].map((spotsShare) =>
      new BatchMaker(images, { ...spots, spotsShare }, 2).make(0),
    );
    const dark = (batch: Batch) => batch.patches.filter((count) => count <= 2).length / batch.patches.length;
    expect(dark(withSpots!)).toBeGreaterThan(2 * dark(without!));
  });

  it("shows structures larger where it enlarges: neighbours differ less", () => {
    const clean = { ...DEFAULT_RECIPE, batchSize: 32, wholeLevelShare: 0, otherBlurs: 1, emptyShare: 0 };
    const plain: Recipe = {
      ...{ ...clean, gain: [1, 1], noiseFreeShare: 1, absorbingShare: 0 },
      ...{ processedShare: 0, hotPixelShare: 0 },
    };
    const contrastAt = (enlargement: readonly [number, number]) => {
      const recipeAt = { ...plain, enlargedShare: 1, enlargement };
      const { patches } = new BatchMaker(images, recipeAt, 1).make(0);
      const size = PATCH_PX * PATCH_PX;
      return Array.from({ length: 32 }, (_, i) =>
        neighbourContrast(patches.subarray(i * size, (i + 1) * size)),
      ).reduce((a, b) => a + b);
    };
    expect(contrastAt([2.5, 2.5])).toBeLessThan(0.6 * contrastAt([1, 1]));
  });
});

describe("BatchStream", () => {
  it.each([1, 2])("gives with %i threads the batches that a BatchMaker makes, in order", async (threads) => {
    const maker = new BatchMaker(images, recipe, 3);
    const expected = [0, 1, 2, 3, 4].map((index) => maker.make(index));
    expect(await take(streamOf(threads), 5)).toEqual(expected);
  });

  it("begins where a resumed run needs it", async () => {
    const maker = new BatchMaker(images, recipe, 3);
    expect(await take(streamOf(2, 7), 2)).toEqual([maker.make(7), maker.make(8)]);
  });

  it("reports a thread that ends as a TrainingError instead of waiting for ever", async () => {
    await expect(streamOf(1, 0, []).next()).rejects.toThrow(TrainingError);
  });
});

/** Sum of the squared differences between neighbours in a row, relative to the variance. */
function neighbourContrast(patch: Float32Array): number {
  const mean = patch.reduce((a, b) => a + b) / patch.length;
  let [differences, variance] = [0, 0];
  for (let i = 1; i < patch.length; i++) {
    if (i % PATCH_PX > 0) differences += (patch[i]! - patch[i - 1]!) ** 2;
    variance += (patch[i]! - mean) ** 2;
  }
  return differences / variance;
}
