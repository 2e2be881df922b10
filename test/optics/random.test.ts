import { describe, expect, it } from "vitest";
import { Random } from "../../src/optics/random.js";

const DRAWS = 20_000;
/** Standard errors that a seeded sample may lie off; a wrong algorithm is off by hundreds. */
const SIGMAS = 4.5;

function momentsOf(draw: () => number): { mean: number; variance: number } {
  const values = Float64Array.from({ length: DRAWS }, draw);
  const mean = values.reduce((sum, value) => sum + value, 0) / DRAWS;
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (DRAWS - 1) };
}

describe("Random.poisson", () => {
  // Below 12 the product of uniforms, from 12 on PTRS.
  it.each([0.05, 0.7, 3, 8, 11.99, 12, 12.5, 20, 100, 3000, 65_535, 1e6])(
    "has mean and variance %f",
    (mean) => {
      const random = new Random(2024);
      const sample = momentsOf(() => random.poisson(mean));
      expect(Math.abs(sample.mean - mean)).toBeLessThan(SIGMAS * Math.sqrt(mean / DRAWS));
      // Variance of the sample variance: (fourth central moment - variance^2) / n = (mean + 2 mean^2) / n.
      expect(Math.abs(sample.variance - mean)).toBeLessThan(
        SIGMAS * Math.sqrt((mean + 2 * mean ** 2) / DRAWS),
      );
    },
  );

  it.each([4, 11.9, 12, 35])("has the frequencies of the Poisson law at mean %f (chi-squared)", (mean) => {
    const random = new Random(7);
    const seen = new Map<number, number>();
    for (let i = 0; i < DRAWS; i++) {
      const count = random.poisson(mean);
      seen.set(count, (seen.get(count) ?? 0) + 1);
    }
    let [chiSquared, cells, probability] = [0, 0, Math.exp(-mean)];
    for (let k = 0; k < 4 * mean; k++) {
      const expected = probability * DRAWS;
      if (expected >= 10) {
        chiSquared += ((seen.get(k) ?? 0) - expected) ** 2 / expected;
        cells++;
      }
      probability *= mean / (k + 1);
    }
    expect(chiSquared).toBeLessThan(cells + SIGMAS * Math.sqrt(2 * cells));
  });

  it("is 0 without light", () => {
    const random = new Random(1);
    expect([0, -3].map((mean) => random.poisson(mean))).toEqual([0, 0]);
  });
});

describe("Random.normal", () => {
  it("has mean 0, variance 1 and the normal law's share within one and two deviations", () => {
    const random = new Random(11);
    const { mean, variance } = momentsOf(() => random.normal());
    expect(Math.abs(mean)).toBeLessThan(SIGMAS / Math.sqrt(DRAWS));
    expect(Math.abs(variance - 1)).toBeLessThan(SIGMAS * Math.sqrt(2 / DRAWS));
    for (const [limit, share] of [
      [1, 0.682689],
      [2, 0.9545],
    ] as const) {
      const within = Array.from({ length: DRAWS }, () => random.normal()).filter(
        (value) => Math.abs(value) < limit,
      );
      expect(Math.abs(within.length / DRAWS - share)).toBeLessThan(
        SIGMAS * Math.sqrt((share * (1 - share)) / DRAWS),
      );
    }
  });
});

describe("Random", () => {
  const draws = (random: Random) => Array.from({ length: 20 }, () => random.uniform());

  it("gives item i of a stream the same numbers in whatever order the items are made", () => {
    const inOrder = Array.from({ length: 8 }, (_, i) => draws(Random.of(5, i)));
    const backwards = Array.from({ length: 8 }, (_, i) => draws(Random.of(5, 7 - i))).reverse();
    expect(backwards).toEqual(inOrder);
  });

  it("gives no two of 200 items of three neighbouring streams the same first number", () => {
    const first = [1, 2, 3].flatMap((seed) =>
      Array.from({ length: 200 }, (_, i) => Random.of(seed, i).uniform()),
    );
    expect(new Set(first).size).toBe(600);
  });

  it("draws uniformly, log-uniformly and integers within their bounds, and evenly", () => {
    const random = new Random(3);
    const uniform = momentsOf(() => random.uniform());
    expect(Math.abs(uniform.mean - 0.5)).toBeLessThan(SIGMAS * Math.sqrt(1 / 12 / DRAWS));
    const logarithms = momentsOf(() => Math.log(random.logBetween(0.2, 5)));
    const spread = Math.log(25);
    expect(Math.abs(logarithms.mean)).toBeLessThan(SIGMAS * spread * Math.sqrt(1 / 12 / DRAWS));
    const gains = Array.from({ length: DRAWS }, () => random.logBetween(0.2, 5));
    expect(Math.min(...gains)).toBeGreaterThanOrEqual(0.2);
    expect(Math.max(...gains)).toBeLessThan(5);
    const shares = new Array<number>(7).fill(0);
    for (let i = 0; i < DRAWS; i++) shares[random.below(7)]!++;
    for (const count of shares)
      expect(Math.abs(count - DRAWS / 7)).toBeLessThan(SIGMAS * Math.sqrt((DRAWS * 6) / 49));
    expect(shares.length).toBe(7);
  });
});
