import { expect, test } from "vitest";
import { Random } from "../src/optics/random.js";
import { median, quantile, robustSd } from "../src/statistics.js";

test("the median is the middle value, or the mean of the middle two, and there is none of nothing", () => {
  expect([median([]), median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([undefined, 2, 2.5]);
});

test("the robust standard deviation is that of Gaussian errors and hardly moves with one in ten far off", () => {
  const random = Random.of(1, 0);
  const errors = Array.from({ length: 4000 }, () => 3 * random.normal());
  expect(robustSd(errors)).toBeCloseTo(3, 0);
  const spoiled = errors.map((error, i) => (i % 10 === 0 ? 1e6 : error));
  expect(robustSd(spoiled) / robustSd(errors)).toBeLessThan(1.25);
  expect(robustSd([])).toBe(0);
});

test("a quantile is a value by nearest rank, and not a number of nothing", () => {
  const values = [10, 20, 30, 40];
  expect([0, 0.5, 0.51, 1].map((share) => quantile(values, share))).toEqual([10, 20, 30, 40]);
  expect(quantile([], 0.5)).toBeNaN();
});
