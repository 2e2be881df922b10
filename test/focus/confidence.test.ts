import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { certaintyOf } from "../../src/focus/certainty.js";
import { frameConfidence, patchConfidences, tempered } from "../../src/focus/confidence.js";
import { frameLevel } from "../../src/focus/frame-level.js";
import { LEVELS } from "../../src/focus/levels.js";
import { Scorer } from "../../src/focus/scorer.js";
import type { Frame } from "../../src/frames/frame.js";
import { Random } from "../../src/optics/random.js";
import { times } from "../helpers/campaign.js";
import { dataFrame } from "../helpers/images.js";
import { SHIPPED_MODEL } from "../helpers/models.js";

const scale = { temperature: 0.8, frameOffset: 2, frameSlope: 2.5 };
const distributions = fc
  .array(fc.double({ min: 1e-3, max: 1, noNaN: true }), { minLength: LEVELS, maxLength: LEVELS })
  .map((weights) => {
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return weights.map((weight) => weight / total);
  });

function confidenceOf(patches: readonly (readonly number[])[]): number {
  const probabilities = Float32Array.from(patches.flat());
  const certainties = Float32Array.from(patches, certaintyOf);
  return frameConfidence(probabilities, certainties, frameLevel(probabilities, certainties).level, scale);
}

describe("a confidence", () => {
  it("of a patch is what its distribution has within one level of the most probable", () => {
    const flat = new Array<number>(LEVELS).fill(1 / LEVELS);
    const shared = [0, 0, 0.25, 0.5, 0.25, 0, 0, 0, 0, 0, 0];
    const probabilities = Float32Array.from([...flat, ...shared, ...flat.map(() => Number.NaN)]);
    const confidences = patchConfidences(probabilities, { ...scale, temperature: 1 });
    // Level 0 is the first of equals, and has one neighbour.
    expect(confidences[0]).toBeCloseTo(2 / 11, 6);
    expect(confidences[1]).toBeCloseTo(1, 6);
    expect(confidences[2]).toBeNaN();
  });

  it("has a temperature as a softmax of its logits has", () => {
    fc.assert(
      fc.property(
        distributions,
        fc.double({ min: 0.3, max: 3, noNaN: true }),
        (distribution, temperature) => {
          const powers = distribution.map((p) => Math.exp(Math.log(p) / temperature));
          const total = powers.reduce((sum, power) => sum + power, 0);
          for (const [k, p] of tempered(distribution, temperature).entries()) {
            expect(p).toBeCloseTo(powers[k]! / total, 10);
          }
        },
      ),
    );
  });

  it("of a frame lies between 0 and 1, and does not depend on how many patches say the same", () => {
    fc.assert(
      fc.property(
        fc.array(distributions, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 2, max: 9 }),
        (patches, times) => {
          const level = 4;
          const of = (all: readonly (readonly number[])[]) =>
            frameConfidence(Float32Array.from(all.flat()), Float32Array.from(all, certaintyOf), level, scale);
          const once = of(patches);
          expect(once).toBeGreaterThanOrEqual(0);
          expect(once).toBeLessThanOrEqual(1);
          expect(of(Array.from({ length: times }, () => patches).flat())).toBeCloseTo(once, 5);
        },
      ),
    );
  });

  it("of a frame falls as its patches disagree, and is low where they say nothing", () => {
    const at = (level: number) => Array.from({ length: LEVELS }, (_, k) => Math.exp(-2 * (k - level) ** 2));
    const normalised = (level: number) => {
      const weights = at(level);
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      return weights.map((weight) => weight / total);
    };
    const [agree, nearly, apart] = [
      [2, 2, 2, 2],
      [1, 2, 2, 4],
      [0, 2, 5, 9],
    ].map((levels) => confidenceOf(levels.map(normalised))) as [number, number, number];
    expect(agree).toBeGreaterThan(0.99);
    expect(nearly).toBeLessThan(agree);
    expect(apart).toBeLessThan(nearly);
    const flat = Array.from({ length: LEVELS }, (_, k) => (1 + 0.02 * (k % 2)) / (LEVELS + 0.1));
    expect(confidenceOf([flat, flat, flat])).toBeLessThan(0.5);
  });
});

describe("the confidence of real frames", () => {
  let scorer: Scorer;
  let frame: Frame;
  beforeAll(async () => {
    scorer = await Scorer.load({ model: SHIPPED_MODEL, device: "cpu" });
    frame = await dataFrame("evaluation/dsb_360x360_4c032609d3.png");
    return () => scorer.dispose();
  });

  it("does not depend on gain and offset, nor do the certainties", async () => {
    const kinds = ["confidence", "aggregateCertainty", "meanCertainty", "maxCertainty"] as const;
    const report = await scorer.score(frame);
    expect(report.confidence).toBeGreaterThan(0.9);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 2, max: 200 }), fc.nat(9000), async (gain, offset) => {
        const pixels = Uint16Array.from(frame.pixels, (count) => gain * count + offset);
        const changed = await scorer.score({ ...frame, pixels });
        for (const kind of kinds) expect(changed[kind], kind).toBeCloseTo(report[kind], 1.5);
      }),
      { numRuns: times(8, 100) },
    );
  });

  it("does not depend on the size of the frame: the same field twice and thrice says the same", async () => {
    // Whole patches, so that copies are cut alike.
    const side = 336;
    const tile = (times: number) => {
      const width = side * times;
      const pixels = Uint16Array.from({ length: width * width }, (_, i) => {
        return frame.pixels[(Math.floor(i / width) % side) * frame.width + ((i % width) % side)]!;
      });
      return { width, height: width, pixels };
    };
    const confidences = await Promise.all(
      [1, 2, 3].map(async (n) => (await scorer.score(tile(n))).confidence),
    );
    expect(confidences[1]).toBeCloseTo(confidences[0]!, 1);
    expect(confidences[2]).toBeCloseTo(confidences[0]!, 1);
  });

  it("is low in an empty field", async () => {
    const random = new Random(3);
    const pixels = Uint16Array.from({ length: 500 * 500 }, () => random.poisson(400));
    const { confidence, condition } = await scorer.score({ width: 500, height: 500, pixels });
    expect(condition).toBe("blank");
    expect(confidence).toBeLessThan(0.5);
  });
});
